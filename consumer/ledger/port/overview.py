"""What waits in the ledger, counted, with the age of the oldest: for metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from consumer.policy.work_class import WorkClass


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are, at least one, and for how many seconds the oldest of them has waited."""

    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Overview:
    """What waits now. A key that is missing has none. Texts are as the ledger has them: a newer version may have written others.

    `due`: students who could be worked now and are not, by tenant and class; they have waited since they became due. `held`: students who
    wait for a person, by tenant and reason, once for each reason; they have waited since their version began to wait at that step.
    `parked`: actions that the guard has parked and no newer event has overtaken, by tenant and kind. `unknown`: steps that may or may not
    have been carried out and whose account was not verified since, by provider; since the newest such attempt was over, or began where
    that is not known. A step whose worker has just died is not among them before another worker has claimed its student.
    """

    due: Mapping[tuple[str, WorkClass], Tally] = field(default_factory=dict[tuple[str, WorkClass], Tally])
    held: Mapping[tuple[str, str], Tally] = field(default_factory=dict[tuple[str, str], Tally])
    parked: Mapping[tuple[str, str], Tally] = field(default_factory=dict[tuple[str, str], Tally])
    unknown: Mapping[str, Tally] = field(default_factory=dict[str, Tally])


class Overviews(Protocol):
    """Blocking. May raise `Unavailable`."""

    def overview(self) -> Overview:
        """Costs as much as there is that waits, however much the ledger holds besides."""
        ...
