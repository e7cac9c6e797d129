"""What came of a course."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from bench.year.assumptions import DAY, HOUR, Year
from bench.year.capacity import Capacity
from bench.year.schools import Size
from bench.year.waits import Waits

BIN = 600
"""Seconds: the grain of what is drawn of the intake week."""


class Record:
    """Counts of one course. Where it says a hour, a day or a bin, these are counted from the first of the year.

    `waits` are by size of school, in the intake week and in the rest of the year; `limited` are the seconds in which students, or outcomes,
    waited for that limit; `most_at_vendors` are schools whose vendor's limit was used up at the same time.
    """

    def __init__(self, year: Year, capacity: Capacity, replicas: int) -> None:
        self.replicas = replicas
        self.events = self.accounts = 0
        self.most_waiting = self.most_at_vendors = 0
        self.most_unpublished = 0.0
        self.limited = Counter[str]()
        self.waits = {(intake, size): self._none(year, capacity) for intake in (True, False) for size in Size}
        self.waits_by_bin: defaultdict[int, Waits] = defaultdict(lambda: self._none(year, capacity))
        self.waiting_by_bin: dict[int, int] = {}
        self._step = year.step
        self._capacity = capacity
        self._by_hour = Counter[int]()
        self._busy: defaultdict[int, float] = defaultdict(float)

    def waiting(self, step: int, students: int, *, intake: bool) -> None:
        """So many wait at the beginning of a step."""
        self.most_waiting = max(self.most_waiting, students)
        if intake:
            at = step * self._step // BIN
            self.waiting_by_bin[at] = max(self.waiting_by_bin.get(at, 0), students)

    def at_vendors(self, schools: int) -> None:
        """So many have more students who wait than their vendor allows."""
        self.most_at_vendors = max(self.most_at_vendors, schools)

    def waited(self, size: Size, came: int, now: int, students: int, *, intake: bool) -> None:
        """The accounts of students whose events came in one step were made in another."""
        self.accounts += students
        self._by_hour[now * self._step // HOUR] += students
        self.waits[intake, size].add(now - came, students)
        if intake:
            self.waits_by_bin[came * self._step // BIN].add(now - came, students)

    def busy(self, step: int, seconds: float) -> None:
        """Of the replicas' time."""
        self._busy[step * self._step // HOUR] += seconds

    @property
    def used(self) -> Mapping[str, float]:
        """The share of each resource that is used in the hour in which it is used most."""
        accounts = max(self._by_hour.values(), default=0) / HOUR
        return {
            "replicas": max(self._busy.values(), default=0.0) / HOUR / self.replicas,
            "relay": accounts / self._capacity.relay,
            "database": accounts / self._capacity.database,
        }

    @property
    def accounts_by_day(self) -> Mapping[int, int]:
        """For what the ledger keeps."""
        days = Counter[int]()
        for hour, accounts in self._by_hour.items():
            days[hour * HOUR // DAY] += accounts
        return days

    @staticmethod
    def _none(year: Year, capacity: Capacity) -> Waits:
        return Waits(year.step, capacity.account_seconds)
