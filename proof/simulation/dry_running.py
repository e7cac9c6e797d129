"""A tenant that is in dry run from the beginning until all else is over."""

import random
from collections.abc import Collection, Sequence

from consumer.snapshot import Snapshot
from consumer.tenants import Tenant
from proof.simulation.faults import DryRunOver, Fault, TenantSetAside, over_at
from proof.simulation.institutions import tenants

_SHARE = 0.1
"""Of the seeds at which no replica sets a tenant aside: that gives it the file of a tenant that is not in dry run."""
_EARLIEST, _LATER = 90.0, 30.0
"""Seconds: when it is over at the earliest, which is after most events, and after the last fault."""


def dry_running(rng: random.Random, others: Sequence[Fault], tenant_ids: Collection[str]) -> Sequence[DryRunOver]:
    """At some seeds, one of these institutions."""
    if rng.random() >= _SHARE or any(isinstance(fault, TenantSetAside) for fault in others):
        return ()
    at = max([_EARLIEST, *(over_at(fault) + _LATER for fault in others)])
    return [DryRunOver(at, rng.choice(sorted(tenant_ids)))]


def in_dry_run(tenant: Tenant) -> Tenant:
    """The tenant by its file of that time."""
    return tenant.model_copy(update={"dry_run": True})


def with_all_but(missing: Collection[str]) -> Snapshot:
    """All tenants that have a file, none of them in dry run."""
    return Snapshot.of(tenant for tenant in tenants() if tenant.id not in missing)
