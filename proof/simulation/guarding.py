"""Small guards, and a person who decides about what they have parked."""

import random
from collections.abc import Collection, Sequence
from functools import cache

from consumer.ledger.port.guard import Verdict
from consumer.policy.guard import Guarded
from consumer.tenants import Guard, GuardedAction, Tenant
from proof.simulation.faults import DryRunOver, FailOver, Fault, GuardDecided, TenantSetAside
from proof.simulation.institutions import tenants

_GUARDED = 0.15
_WINDOWS = (120.0, 3_600.0)
_AFTER, _UNTIL = 30.0, 400.0
_UNGUARDED = (FailOver, TenantSetAside, DryRunOver)
"""A ledger that has lost commits has lost counts too. A replica that gets tenants back, or out of dry run, has their usual guards."""


def guarding(
    rng: random.Random, faults: Sequence[Fault], used: Collection[str]
) -> tuple[Sequence[Fault], Sequence[Tenant]]:
    """What people decide, and the tenants: at some seeds, with guards that let one or two of each kind pass."""
    if rng.random() >= _GUARDED or any(isinstance(fault, _UNGUARDED) for fault in faults):
        return (), tenants()
    decided = [
        GuardDecided(rng.uniform(_AFTER, _UNTIL), tenant_id, rng.choice(tuple(Verdict)))
        for tenant_id in sorted(used)
        for _ in range(rng.choice((0, 1, 2)))
    ]
    return decided, guarded(accounts=rng.choice((1, 2)), window=rng.choice(_WINDOWS))


@cache
def guarded(*, accounts: int, window: float = 3_600.0) -> Sequence[Tenant]:
    """All institutions; their guards let so many of each kind pass."""
    limit = GuardedAction(accounts=accounts, percent=0, window=window)
    guard = Guard.model_validate(dict.fromkeys(Guarded, limit))
    return tuple(tenant.model_copy(update={"guard": guard}) for tenant in tenants())
