"""What befalls the ledger's own records: a standby that lagged takes over, or a newer version has written what this one can't read."""

import random
from collections.abc import Collection, Sequence

from proof.simulation.faults import FailOver, Fault, RecordsUnreadable

_LOSING, _UNREADABLE = 0.06, 0.05
_WHILE_THERE_IS_WORK = 90.0


def losing(dice: random.Random) -> Sequence[FailOver]:
    """At some seeds; mostly a lag of moments, as replication has it, at times one of a backup."""
    if dice.random() >= _LOSING:
        return ()
    lag = dice.choice((0.05, 0.5, 3.0, 20.0, 120.0))
    return [FailOver(dice.uniform(0.0, _WHILE_THERE_IS_WORK), lag, dice.choice((2.0, 15.0, 45.0)))]


def unreadable(dice: random.Random, tenant_ids: Collection[str]) -> Sequence[Fault]:
    """At some seeds, of one of these tenants, until its newer version has gone."""
    if dice.random() >= _UNREADABLE:
        return ()
    began = dice.uniform(1.0, _WHILE_THERE_IS_WORK)
    return [RecordsUnreadable(began, dice.choice((30.0, 150.0, 600.0)), dice.choice(sorted(tenant_ids)))]
