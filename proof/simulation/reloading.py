"""A tenant whose file a replica cannot use for a while, but for its status table; and then it is as it was."""

import random
from collections.abc import Collection, Sequence

from consumer.snapshot import Snapshot
from consumer.tenants import Outline
from proof.simulation.faults import TenantSetAside
from proof.simulation.institutions import tenants

_SHARE = 0.1
"""Of all seeds."""


def setting_aside(rng: random.Random, replicas: int, tenant_ids: Collection[str]) -> Sequence[TenantSetAside]:
    """Some or all replicas, each at a time of its own, mostly while there is work."""
    if rng.random() >= _SHARE:
        return ()
    tenant = rng.choice(sorted(tenant_ids))
    those = rng.sample(range(replicas), k=rng.randint(1, replicas))
    return [TenantSetAside(rng.uniform(0.0, 70.0), rng.uniform(1.0, 60.0), replica, tenant) for replica in those]


def without(tenant_id: str) -> Snapshot:
    """All tenants, but for one that is not worked for; its events are accepted."""
    (one,) = (tenant for tenant in tenants() if tenant.id == tenant_id)
    outline = Outline(
        id=one.id,
        statuses=one.statuses,
        unlisted_status=one.unlisted_status,
        microsoft=one.microsoft,
        google=one.google,
    )
    return Snapshot.of((tenant for tenant in tenants() if tenant is not one), {tenant_id: outline})


def with_all() -> Snapshot:
    """As at the beginning."""
    return Snapshot.of(tenants())
