"""Memberships, in groups and in the administrative unit: those that the tenant's rules give and the account lacks, and those that we gave
and they do not give any more; one call each.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from consumer import failpoints
from consumer.events import StepName
from consumer.failpoints import Boundaries
from consumer.ledger.port.student import Account
from consumer.policy.rules import Grant, grant
from consumer.providers.port import Directory
from consumer.provisioning.case import Case
from consumer.provisioning.steps.grants import cleared, give, object_id, with_all, without


class _Change(Protocol):
    def __call__(self, object_id: str, of: str, /, *, timeout: float) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What an account may be a member of. `part`: the part of the provider that its calls name, before the one that they are about.

    `given` and `doubted`: what the ledger has; `written`: the account with the one and the other changed.
    """

    step: StepName
    at: Boundaries
    part: str
    wanted: Callable[[Grant], Sequence[str]]
    given: Callable[[Account], Sequence[str]]
    doubted: Callable[[Account], Sequence[str]]
    written: Callable[[Account, Sequence[str], Sequence[str]], Account]
    join: Callable[[Directory], _Change]
    leave: Callable[[Directory], _Change]


GROUPS = Kind(
    StepName.GROUPS,
    failpoints.GROUPS,
    "groups",
    wanted=lambda given: given.groups,
    given=lambda account: account.groups,
    doubted=lambda account: account.groups_in_doubt,
    written=lambda account, ids, doubted: replace(account, groups=tuple(ids), groups_in_doubt=tuple(doubted)),
    join=lambda directory: directory.add_to_group,
    leave=lambda directory: directory.remove_from_group,
)
ADMIN_UNITS = Kind(
    StepName.ADMIN_UNIT,
    failpoints.ADMIN_UNIT,
    "admin_units",
    wanted=lambda given: given.admin_units,
    given=lambda account: account.admin_units,
    doubted=lambda account: account.admin_units_in_doubt,
    written=lambda account, ids, doubted: replace(account, admin_units=tuple(ids), admin_units_in_doubt=tuple(doubted)),
    join=lambda directory: directory.join_admin_unit,
    leave=lambda directory: directory.leave_admin_unit,
)
"""An account that is to be in another unit joins that one before it leaves the one that we put it into."""


async def ensure_joined(kind: Kind, case: Case) -> None:
    """Returns when the account, if there is one, is a member of all that the rules give."""
    if case.standing is None:
        return
    for one in kind.wanted(grant(case.tenant, case.student, case.provider)):
        account = case.known_account()
        given, doubted = kind.given(account), kind.doubted(account)
        if one in given and not case.to_be_repeated(kind.step):
            continue
        after = kind.written(account, with_all(given, [one]), cleared(case, kind.step, doubted, [one]))
        before = kind.written(account, given, with_all(doubted, [one])) if case.follows else None
        await _change(kind, case, kind.join(case.directory), one, after, before)


async def ensure_left(kind: Kind, case: Case) -> None:
    """Returns when the account, if there is one, is a member of nothing that we gave and the rules do not give any more."""
    if case.standing is None:
        return
    wanted = kind.wanted(grant(case.tenant, case.student, case.provider))
    account = case.known_account()
    for one in without(with_all(kind.given(account), kind.doubted(account)), wanted):
        account = case.known_account()
        left, doubted = without(kind.given(account), [one]), kind.doubted(account)
        after = kind.written(account, left, cleared(case, kind.step, doubted, [one]))
        before = kind.written(account, left, with_all(doubted, [one]))
        await _change(kind, case, kind.leave(case.directory), one, after, before)


async def _change(kind: Kind, case: Case, change: _Change, one: str, after: Account, before: Account | None) -> None:
    call = partial(change, object_id(after), one)
    await give(case, kind.step, kind.at, call, after, (one,), part=f"{kind.part}/{one}", before=before)
