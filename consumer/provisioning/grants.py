"""Steps three and four: the licences and groups that the tenant's rules give, added to what the account has already.

Where a step is unsure, the second look gives all of its kind again: to give what is there already does nothing.
"""

import hashlib
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from consumer.events import StepName
from consumer.failpoints import GROUPS, LICENCES, Boundaries
from consumer.ledger.port import Account, SaveAccount
from consumer.policy.rules import grant
from consumer.provisioning.case import Case


async def ensure_licences(case: Case) -> None:
    """Returns when the account has all licences: one call for those that are missing."""
    account = case.known_account()
    wanted = grant(case.tenant, case.student, case.provider).licences
    missing = tuple(licence for licence in wanted if licence not in account.licences)
    request = wanted if case.to_be_verified(StepName.LICENCES) else missing
    if request:
        call = partial(case.directory.assign_licences, _object_id(account), request)
        given = replace(account, licences=account.licences + missing)
        await _give(
            case, StepName.LICENCES, LICENCES, call, given, request, part=f"licences/{'+'.join(sorted(request))}"
        )


async def ensure_groups(case: Case) -> None:
    """Returns when the account is a member of all groups: one call for each that is missing."""
    for group in grant(case.tenant, case.student, case.provider).groups:
        account = case.known_account()
        missing = () if group in account.groups else (group,)
        if missing or case.to_be_verified(StepName.GROUPS):
            call = partial(case.directory.add_to_group, _object_id(account), group)
            given = replace(account, groups=account.groups + missing)
            await _give(case, StepName.GROUPS, GROUPS, call, given, (group,), part=f"groups/{group}")


class _Call(Protocol):
    def __call__(self, *, timeout: float) -> Awaitable[None]: ...


async def _give(
    case: Case, name: StepName, at: Boundaries, call: _Call, given: Account, request: Sequence[str], *, part: str
) -> None:
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
    case.account = given


def _object_id(account: Account) -> str:
    if account.object_id is None:
        raise LookupError("a grant ran before the account was created")
    return account.object_id
