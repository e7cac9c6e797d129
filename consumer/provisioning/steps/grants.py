"""What the steps of licences and groups share.

Where a step is unsure, its verification gives everything of its kind again: a vendor does nothing for what is there already.
"""

import hashlib
from collections.abc import Awaitable, Sequence
from typing import Protocol

from consumer.events import StepName
from consumer.failpoints import Boundaries
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import SaveAccount
from consumer.provisioning.case import Case


class GrantCall(Protocol):
    """A call to the provider; `timeout` is in seconds."""

    def __call__(self, *, timeout: float) -> Awaitable[None]: ...


async def give(
    case: Case, name: StepName, at: Boundaries, call: GrantCall, given: Account, request: Sequence[str], *, part: str
) -> None:
    """Makes the call for `request`; the account's row is `given` afterwards. Raises `GiveUp` where this version has failed here before."""
    case.refuse_if_failed(name)
    await case.effects.step(
        case.provider,
        name,
        at,
        service=case.service,
        part=part,
        request_hash=hashlib.sha256("\x1f".join(request).encode()).digest(),
        call=lambda t: call(timeout=t),
        then=lambda _: [SaveAccount(given)],
    )


def object_id(account: Account) -> str:
    """Of an account that exists: grants come after its creation."""
    if account.object_id is None:
        raise LookupError("a grant ran before the account was created")
    return account.object_id
