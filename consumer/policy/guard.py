"""The guard: from how many accounts of a tenant something may be taken away, within a while. Pure.

      claimed ──▶ within the limit, and none is parked ──▶ counted ──▶ worked
                            │ no
                            ▼
                         parked ──▶ approved by a person ──▶ worked
                            │  └──▶ rejected by a person ──▶ failed
                            └── a newer event of the student ──▶ forgotten

While any of its kind is parked for the tenant, so are later ones: a mistake that continues is one mistake.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from typing import assert_never

from consumer.events import ProviderAction
from consumer.tenants import Tenant


class Guarded(StrEnum):
    """A kind of action that takes something away: each has a limit of its own. Stored, and named by people."""

    SUSPEND_ACCOUNT = "suspend_account"
    DELETE_ACCOUNT = "delete_account"
    RELEASE_ACCOUNT = "release_account"
    REMOVE_LICENCES = "remove_licences"
    RENAME_ACCOUNT = "rename_account"


def kind_of(action: ProviderAction) -> Guarded | None:
    """What an event with this action takes away as a whole: where it is parked, nothing of the event is worked."""
    match action:
        case ProviderAction.SUSPEND_ACCOUNT:
            return Guarded.SUSPEND_ACCOUNT
        case ProviderAction.DELETE_ACCOUNT:
            return Guarded.DELETE_ACCOUNT
        case ProviderAction.RELEASE_ACCOUNT:
            return Guarded.RELEASE_ACCOUNT
        case ProviderAction.CREATE_ACCOUNT | ProviderAction.UPDATE_ACCOUNT:
            return None
        case _:
            assert_never(action)


PARTS = frozenset(Guarded) - {kind_of(action) for action in ProviderAction}
"""Kinds that are a part of a student's event: where one is parked, the rest of the event is worked."""


class GuardState(StrEnum):
    """Where a guarded action of a student stands."""

    FREE = "free"  # the ledger knows no account from which it takes anything
    COUNTED = "counted"
    PARKED = "parked"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class GuardLimit:
    """The larger of `accounts` and `percent` of the tenant's accounts, within any `seconds`."""

    accounts: int
    percent: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one kind of a tenant: how many students are `counted` within the limit's time, whether some are `parked`, and how many accounts
    there are, which costs a look."""

    counted: int
    parked: bool
    accounts: Callable[[], int]


def guard_limits(tenant: Tenant) -> Mapping[Guarded, GuardLimit]:
    """By the tenant's `guard`."""
    sections = {
        Guarded.SUSPEND_ACCOUNT: tenant.guard.suspend_account,
        Guarded.DELETE_ACCOUNT: tenant.guard.delete_account,
        Guarded.RELEASE_ACCOUNT: tenant.guard.release_account,
        Guarded.REMOVE_LICENCES: tenant.guard.remove_licences,
        Guarded.RENAME_ACCOUNT: tenant.guard.rename_account,
    }
    return {kind: GuardLimit(of.accounts, of.percent, of.window) for kind, of in sections.items()}


def admitted(limit: GuardLimit, standing: Standing, wanted: int) -> int:
    """How many of so many students who are not counted yet may continue; the others are parked."""
    if standing.parked:
        return 0
    left = limit.accounts - standing.counted
    if left < wanted:
        left = max(left, floor(standing.accounts() * limit.percent / 100) - standing.counted)
    return max(0, min(wanted, left))


def decided(limit: GuardLimit, standing: Standing, already: Sequence[bool]) -> Sequence[GuardState]:
    """Of each of these students, whether they may continue. `already`: they are counted, and take no further place. The limit is one of
    accounts: a student who leaves and returns over and over must not park a whole tenant's."""
    left = admitted(limit, standing, already.count(False))
    states: list[GuardState] = []
    for is_counted in already:
        may = not standing.parked if is_counted else left > 0
        states.append(GuardState.COUNTED if may else GuardState.PARKED)
        left -= not is_counted
    return states
