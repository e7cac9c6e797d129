"""How much is measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts. `skips` is how many of the `many` events a contestant reads in one of the `rounds`; `refusals` students are there in all.

    `schools` are configured at most; `backlog` students are due there. One school has an `intake` of so many students while those of others
    come within `arriving` seconds; `outcomes` wait for the relay; `reconciled` accounts are compared with their directory. `draws`: the
    picture is written.
    """

    many: int
    skips: int
    rounds: int
    acts: int
    students: int
    institutions: int
    ledger: int
    calls: int
    refusals: int
    growth: int
    schools: int
    backlog: int
    intake: int
    arriving: float
    outcomes: int
    reconciled: int
    draws: bool = False


FULL = Scale(
    many=1_000_000,
    skips=200_000,
    rounds=3,
    acts=100_000,
    students=6_000,
    institutions=50,
    ledger=250_000,
    calls=20_000,
    refusals=600,
    growth=10_000_000,
    schools=10_000,
    backlog=500_000,
    intake=20_000,
    arriving=30.0,
    outcomes=200_000,
    reconciled=100_000,
    draws=True,
)
QUICK = Scale(
    many=200_000,
    skips=100_000,
    rounds=1,
    acts=20_000,
    students=1_500,
    institutions=50,
    ledger=25_000,
    calls=5_000,
    refusals=600,
    growth=200_000,
    schools=1_000,
    backlog=50_000,
    intake=2_000,
    arriving=10.0,
    outcomes=50_000,
    reconciled=10_000,
)
