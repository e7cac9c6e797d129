"""The installation's schools."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

from bench.year.assumptions import HOUR, SCHOOL_DAYS, Year
from consumer.events import Provider

_MEDIUM, _LARGE = 500, 5_000
"""Students."""


class Size(StrEnum):
    """Of a school: see `School.size`."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class School:
    """`job_at` is the second of the day at which it hands over what has changed; `intake_day` when it does so in the intake week."""

    students: int
    provider: Provider
    job_at: int
    intake_day: int

    @property
    def size(self) -> Size:
        """By its students."""
        return Size.SMALL if self.students < _MEDIUM else Size.MEDIUM if self.students < _LARGE else Size.LARGE


def draw(year: Year) -> Sequence[School]:
    """Always the same for the same assumptions. Their students are as many as assumed."""
    rng = random.Random(year.seed)  # noqa: S311  a simulation
    sizes = apportioned(year.students, [rng.lognormvariate(0, year.spread) for _ in range(year.tenants)])
    hours, shares = zip(*year.import_hours, strict=True)
    return [
        School(
            students,
            Provider.MICROSOFT if rng.random() < year.microsoft else Provider.GOOGLE,
            HOUR * rng.choices(hours, shares)[0],
            rng.choices(range(SCHOOL_DAYS), year.intake_days)[0],
        )
        for students in sizes
    ]


def apportioned(total: int, weights: Sequence[float]) -> Sequence[int]:
    """The total in whole parts, each within one of its share."""
    upto = list(accumulate(weights))
    bounds = [round(total * part / upto[-1]) for part in upto]
    return [bound - before for before, bound in zip([0, *bounds], bounds, strict=False)]
