"""Staff who change students' accounts by hand once all is done, and an institution that enrols its students anew afterwards."""

import random
from collections.abc import Collection, Sequence

from proof.simulation.faults import AccountsChanged, Fault, over_at

_CHANGING = 0.08
_EARLIEST, _LATER = 700.0, 60.0
"""Seconds: when that is at the earliest, and after the last fault."""


def changing(rng: random.Random, others: Sequence[Fault], tenant_ids: Collection[str]) -> Sequence[AccountsChanged]:
    """At some seeds, at one of these institutions."""
    if rng.random() >= _CHANGING:
        return ()
    at = max([_EARLIEST, *(over_at(fault) + _LATER for fault in others)])
    return [AccountsChanged(at, rng.choice(sorted(tenant_ids)))]
