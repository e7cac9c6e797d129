"""The year's events that act, in the order of time. What does nothing comes beside them, in a fixed proportion."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bench.year.assumptions import DAY, HOUR, WEEK, Year
from bench.year.schools import School, Size, apportioned


@dataclass(frozen=True, slots=True)
class Arrivals:
    """In the step of that number, counted from the first of the year: how many events, by the number of the school and by its size.

    `most` are of one school.
    """

    step: int
    intake: bool
    events: Mapping[int, int]
    by_size: Mapping[Size, int]
    total: int
    most: int


def arrivals(year: Year, schools: Sequence[School]) -> Iterator[Arrivals]:
    """Always the same for the same assumptions. Steps without events are left out."""
    rng = random.Random(year.seed + 1)  # noqa: S311  a simulation
    plan = _Plan.of(year, schools)
    sizes = [school.size for school in schools]
    for day in range(year.days):
        jobs, entered = plan.jobs(day), plan.entered(day, rng)
        for step in sorted(jobs.keys() | entered.keys()):
            events = jobs[step] + entered[step]
            by_size = Counter[Size]()
            for school, count in events.items():
                by_size[sizes[school]] += count
            yield Arrivals(step, year.is_intake(day), events, by_size, events.total(), max(events.values()))


Steps = defaultdict[int, Counter[int]]
"""Events by step and school."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """How many events come in which way: `intake` and `daily` in each school's jobs, the rest entered by people, by day."""

    year: Year
    schools: Sequence[School]
    intake: Sequence[int]
    daily: Sequence[int]
    by_day: Sequence[int]
    job_days: Mapping[int, int]
    cumulated: Sequence[int]

    @classmethod
    def of(cls, year: Year, schools: Sequence[School]) -> "_Plan":
        acts = year.students * year.acts
        in_week = round(acts * year.intake)
        intake_jobs, daily_jobs = round(in_week * year.imported), round((acts - in_week) * year.imported)
        students = [school.students for school in schools]
        weights = [1.0 if year.is_school_day(day) else year.quiet for day in range(year.days)]
        week, rest = (
            [weight * (year.is_intake(day) is inside) for day, weight in enumerate(weights)] for inside in (True, False)
        )
        entered = zip(
            apportioned(in_week - intake_jobs, week), apportioned(acts - in_week - daily_jobs, rest), strict=True
        )
        job_days = [day for day in range(year.days) if year.is_school_day(day) and not year.is_intake(day)]
        return cls(
            year,
            schools,
            apportioned(intake_jobs, students),
            apportioned(daily_jobs, students),
            [sum(both) for both in entered],
            {day: number for number, day in enumerate(job_days)},
            list(accumulate(students)),
        )

    def jobs(self, day: int) -> Steps:
        """What the schools' systems hand over."""
        steps: Steps = defaultdict(Counter)
        for number, school in enumerate(self.schools):
            if count := self._handed_over(number, day):
                steps[(day * DAY + school.job_at) // self.year.step][number] = count
        return steps

    def _handed_over(self, school: int, day: int) -> int:
        """The whole intake on one day; else evenly over the days. Schools with fewer events than days have theirs on different days."""
        if self.year.is_intake(day):
            return self.intake[school] if day % WEEK == self.schools[school].intake_day else 0
        if (nth := self.job_days.get(day)) is None:
            return 0
        days, total, phase = len(self.job_days), self.daily[school], school % len(self.job_days)
        return (total * (nth + 1) + phase) // days - (total * nth + phase) // days

    def entered(self, day: int, rng: random.Random) -> Steps:
        """What people enter, of any student, at any time of the office hours."""
        steps: Steps = defaultdict(Counter)
        opens, closes = (day * DAY + hour * HOUR for hour in self.year.office_hours)
        for number in rng.choices(range(len(self.schools)), cum_weights=self.cumulated, k=self.by_day[day]):
            steps[int(rng.uniform(opens, closes)) // self.year.step][number] += 1
        return steps
