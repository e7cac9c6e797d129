"""Plays the year for installations of several sizes side by side, so that all of them have the same events."""

from collections.abc import Sequence
from pathlib import Path

from bench.parts import say
from bench.report import put
from bench.row import Row
from bench.scale import Scale
from bench.year import report
from bench.year.arrivals import arrivals
from bench.year.assumptions import DAY, WEEK, Year
from bench.year.capacity import Capacity
from bench.year.course import Course
from bench.year.picture import draw
from bench.year.record import Record
from bench.year.schools import draw as drawn

PICTURE, PAGE = Path("docs/year.svg"), Path("docs/performance.md")
REPLICAS = (1, 2, 4, 8, 16)
_TELL_EVERY = 13
"""Weeks."""
_SHARED = 4
"""Replicas of the one whose schools share an Entra application."""


def measure(scale: Scale) -> Sequence[Row]:
    """Minutes of one core, and nothing else."""
    year, capacity = Year(tenants=scale.schools, students=1_000 * scale.schools), Capacity()
    say(f"year: {year.tenants:,} schools, {year.students:,} students, {', '.join(map(str, REPLICAS))} replicas …")
    *records, shared = play(year, capacity)
    if scale.draws:
        draw(PICTURE, year, records)
        put(PAGE, report.page(year, capacity, records, shared), report.BEGIN, report.END)
    rows = [Row(f"school year, replicas: {record.replicas}", report.summary(record)) for record in records]
    limits = [Row(f"limit: {what}", f"{rate:,.0f} accounts/s") for what, rate in report.ceilings(capacity)]
    return [*rows, Row("… with one Entra application for all", report.summary(shared)), *limits]


def play(year: Year, capacity: Capacity, replicas: Sequence[int] = REPLICAS) -> Sequence[Record]:
    """One record for each number of replicas; the last is of schools that share an Entra application."""
    schools = drawn(year)
    courses = [
        *(Course(year, capacity, schools, count) for count in replicas),
        Course(year, capacity, schools, _SHARED, one_application=True),
    ]
    played = 0
    for come in arrivals(year, schools):
        if (weeks := come.step * year.step // (WEEK * DAY)) >= played + _TELL_EVERY:
            played = weeks
            say(f"  {played} of {year.days // WEEK} weeks")
        for course in courses:
            course.take(come)
    return [course.finish() for course in courses]
