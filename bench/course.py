"""A run's course: when it began, what it had used after a quarter, when it was over."""

import time

from bench.reading import Reading
from bench.usage import Usage

_EARLY = 1 / 4
"""Of all events: by then the client's bounded queue of fetched records is full, which is no growth."""


class Course:
    """Receives the progress of the run, often; `count` is the total. The clock starts at the first news of any progress."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._first = 0.0
        self._began = self._ended = 0.0
        self._before: Usage | None = None
        self._early: Usage | None = None
        self._late: Usage | None = None

    def reached(self, seen: float) -> bool:
        """Whether it is over."""
        if self._late or not seen:
            return self._late is not None
        if self._before is None:
            self._first, self._began, self._before = seen, time.perf_counter(), Usage.now()
        if self._early is None and seen >= self._count * _EARLY:
            self._early = Usage.now()
        if seen >= self._count:
            self._ended, self._late = time.perf_counter(), Usage.now()
        return self._late is not None

    def reading(self) -> Reading:
        """Once it is over. What had been done at the first news is not counted."""
        if self._before is None or self._early is None or self._late is None:
            raise RuntimeError("the run is not over")
        return Reading(
            events=round(self._count - self._first),
            seconds=self._ended - self._began,
            cpu=self._late.cpu - self._before.cpu,
            memory_early=self._early.memory,
            memory_late=self._late.memory,
        )
