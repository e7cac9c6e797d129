"""The background loop: one replica is elected, and does each job at its own period.

stand by ─▶ elected ─▶ each job that is due, page by page ─▶ pause ─┐
   ▲            ▲──────────────────────────────────────────────────┘
   └── not the leader any more, or stopped: a job is left between two pages, and the next leader finds the rest

A brief job does not wait for a long one: it has its turn between two pages of the other.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import structlog

from consumer.errors import Unavailable
from consumer.ledger.port.leadership import Leadership
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

NAME = "maintenance"

_STAND_BY, _TRY_AGAIN, _LEAST_PAUSE = 15.0, 60.0, 0.1
"""Seconds: between a replica's tries to lead, and until a job that met a fault has another turn, and between two turns."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class BackgroundJob:
    """`pages` begins the job. After each of its items it may be stopped; its next turn finds the rest.

    `every`: seconds from one beginning to the next. `brief`: it takes some seconds at most, and the pages of other jobs do not delay it.
    `left` is called, often, while this replica does not lead, and at the end: what the job shows is another replica's to show. A job must
    be safe to run twice at once: leadership only saves work.
    """

    name: str
    every: float
    pages: Callable[[], Iterator[object]]
    brief: bool = False
    left: Callable[[], None] = _nothing


class Maintenance:
    """`run` blocks its thread until `stop`. `pause` waits for so many seconds; where none is given, it ends with `stop`."""

    def __init__(
        self,
        jobs: Sequence[BackgroundJob],
        *,
        leadership: Leadership,
        metrics: Metrics,
        beat: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self._jobs = jobs
        self._leadership = leadership
        self._metrics = metrics
        self._beat = beat
        self._clock = clock
        self._due = dict.fromkeys((job.name for job in jobs), float("-inf"))
        self._stopping = threading.Event()
        self._pause = pause or self._stopping.wait

    def stop(self) -> None:
        """From any thread: the page in hand is finished, no other begun."""
        self._stopping.set()

    def run(self) -> None:
        """No fault of a job ends it, nor keeps the other jobs from their turn."""
        try:
            while not self._stopping.is_set():
                self._beat()
                leads = self._leadership.held()
                self._metrics.leading.labels(NAME).set(int(leads))
                for job in self._jobs:
                    if leads:
                        self._turn(job)
                    else:
                        job.left()
                self._pause(self._until_due() if leads else _STAND_BY)
        finally:
            self._metrics.leading.labels(NAME).set(0)
            for job in self._jobs:
                job.left()
            self._leadership.resign()

    def _turn(self, job: BackgroundJob) -> None:
        began = self._clock()
        if self._stopping.is_set() or began < self._due[job.name]:
            return
        self._due[job.name] = began + job.every
        try:
            for _ in job.pages():
                self._beat()
                if self._stopping.is_set() or not self._leadership.held():
                    return
                if not job.brief:
                    self._brief_turns()
        except Exception as fault:  # noqa: BLE001  the other jobs must have their turn
            self._due[job.name] = began + min(job.every, _TRY_AGAIN)
            self._failed(job, fault)
        self._metrics.background_seconds.labels(job.name).observe(self._clock() - began)

    def _brief_turns(self) -> None:
        for job in self._jobs:
            if job.brief:
                self._turn(job)

    def _failed(self, job: BackgroundJob, fault: Exception) -> None:
        """A database's error text quotes data, and is left out."""
        if isinstance(fault, Unavailable):
            log.warning("background_job_postponed", job=job.name, why=str(fault))
            return
        self._metrics.loop_faults.labels(NAME, type(fault).__name__).inc()
        log.error("background_job_failed", job=job.name, error=type(fault).__name__)

    def _until_due(self) -> float:
        """No longer than the lease needs to be renewed."""
        return max(_LEAST_PAUSE, min([_STAND_BY, *(due - self._clock() for due in self._due.values())]))
