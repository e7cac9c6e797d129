"""What befalls the ledger's own records: a standby that lagged takes over, or a newer version has written what this one can't read."""

import random
from collections.abc import Collection, Sequence

from proof.simulation.faults import FailOver, Fault, RecordsUnreadable

_LOSING, _UNREADABLE = 0.06, 0.05
_WHILE_THERE_IS_WORK = 90.0


def losing(rng: random.Random) -> Sequence[FailOver]:
    """At some seeds; mostly a lag of moments, as replication has it, at times one of a backup."""
    if rng.random() >= _LOSING:
        return ()
    lag = rng.choice((0.05, 0.5, 3.0, 20.0, 120.0))
    return [FailOver(rng.uniform(0.0, _WHILE_THERE_IS_WORK), lag, rng.choice((2.0, 15.0, 45.0)))]


def unreadable(rng: random.Random, tenant_ids: Collection[str]) -> Sequence[Fault]:
    """At some seeds, of one of these tenants, until its newer version has gone."""
    if rng.random() >= _UNREADABLE:
        return ()
    began = rng.uniform(1.0, _WHILE_THERE_IS_WORK)
    return [RecordsUnreadable(began, rng.choice((30.0, 150.0, 600.0)), rng.choice(sorted(tenant_ids)))]
