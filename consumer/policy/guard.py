"""The guard: how many accounts of a tenant one action may take something away from, within a while. Pure.

      claimed ──▶ within the limit, and none is parked ──▶ counted ──▶ worked
                            │ no
                            ▼
                         parked ──▶ approved by a person ──▶ worked
                            │  └──▶ rejected by a person ──▶ failed
                            └── a newer event of the student ──▶ forgotten

While any action of the tenant is parked, so are later ones: a mistake that continues is one mistake.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import floor

from consumer.events import ProviderAction
from consumer.tenants import Tenant

GUARDED = frozenset({ProviderAction.SUSPEND_ACCOUNT, ProviderAction.DELETE_ACCOUNT, ProviderAction.RELEASE_ACCOUNT})
"""Actions that take something away."""


class GuardState(StrEnum):
    """Where a student's guarded action stands."""

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
    """Of one action of a tenant: how many are `counted` within the limit's time, whether some are `parked`, and how many accounts there
    are, which costs a look."""

    counted: int
    parked: bool
    accounts: Callable[[], int]


def guard_limits(tenant: Tenant) -> Mapping[ProviderAction, GuardLimit]:
    """By the tenant's `guard`."""
    sections = {
        ProviderAction.SUSPEND_ACCOUNT: tenant.guard.suspend_account,
        ProviderAction.DELETE_ACCOUNT: tenant.guard.delete_account,
        ProviderAction.RELEASE_ACCOUNT: tenant.guard.release_account,
    }
    return {action: GuardLimit(of.accounts, of.percent, of.window) for action, of in sections.items()}


def admitted(limit: GuardLimit, standing: Standing, wanted: int) -> int:
    """How many of so many students may continue; the others are parked."""
    if standing.parked:
        return 0
    left = limit.accounts - standing.counted
    if left < wanted:
        left = max(left, floor(standing.accounts() * limit.percent / 100) - standing.counted)
    return max(0, min(wanted, left))
