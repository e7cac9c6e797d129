"""What the steps of licences and memberships share.

Where a step is unsure, its verification gives everything of its kind again: a vendor does nothing for what is there already.
"""

import hashlib
from collections.abc import Awaitable, Collection, Iterable, Sequence
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
    case: Case,
    name: StepName,
    at: Boundaries,
    call: GrantCall,
    given: Account,
    request: Sequence[str],
    *,
    part: str,
    service: str | None = None,
    before: Account | None = None,
) -> None:
    """Makes the call for `request`; the account's row is `before` from its intent on, where that is another, and `given` afterwards. A
    refusal leaves it as it was.

    `part` is one of `service`, which is the provider's own where none is named.

    Raises `GiveUp` where this version has failed here before.
    """
    case.refuse_if_failed(name)
    await case.effects.step(
        case.provider,
        name,
        at,
        service=service or case.service,
        part=part,
        request_hash=hashlib.sha256("\x1f".join(request).encode()).digest(),
        call=lambda t: call(timeout=t),
        then=lambda _: [SaveAccount(given)],
        before=[] if before is None else [SaveAccount(before)],
        undo=[] if before is None else [SaveAccount(case.known_account())],
    )


def cleared(case: Case, name: StepName, in_doubt: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """What stays in doubt when this is known of some: all of it, while an earlier attempt at the step may still be carried out."""
    return tuple(in_doubt) if case.may_turn_up(name) is not None else without(in_doubt, known)


def with_all(names: Sequence[str], more: Iterable[str]) -> tuple[str, ...]:
    """`names` and what of `more` is not among them."""
    return tuple(dict.fromkeys((*names, *more)))


def without(names: Sequence[str], gone: Collection[str]) -> tuple[str, ...]:
    """`names` but those that are gone."""
    return tuple(name for name in names if name not in gone)


def object_id(account: Account) -> str:
    """Of an account that exists: grants come after its creation."""
    if account.object_id is None:
        raise LookupError("a grant ran before the account was created")
    return account.object_id
