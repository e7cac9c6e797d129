"""One student's commits under one lease, and what they leave known."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from consumer.errors import Unavailable
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.ledger.known import Known, Tenure, apply
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Work
from consumer.ledger.port.writes import Write

_PAUSE = 0.2


class Commits:
    """`known` is what the ledger has: as the student was claimed, and what was committed since. `now` is the database's time.

    A commit is tried again for `patience` seconds, for which a lease can still be held.
    """

    def __init__(
        self,
        work: Work,
        job: Job,
        *,
        now: Callable[[], datetime],
        patience: float,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self.job = job
        self.now = now
        self.known = Known.of(job)
        self.failpoints = failpoints
        self._work = work
        self._written = 0
        self._tenure = Tenure(job.lease.epoch, "", job.desired.event.version)  # the history here is never shown
        self._patience = patience

    def fold(self, writes: Sequence[Write]) -> None:
        """What is known with these writes."""
        now = self.now()
        for write in writes:
            self.known = apply(self.known, write, under=self._tenure, now=now)

    async def commit(self, writes: Sequence[Write], at: Sequence[Point], *, service: str | None = None) -> float:
        """Commits all or nothing; `at` names the commit, or the several that it is. Does not fold.

        Returns the event loop's time at which the commit that succeeded was asked for. Raises `Fenced` where the lease is lost,
        `Unavailable` where the database is for too long; and, as `Work.commit` does, `Waiting` and `Superseded`.
        """
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._patience
        lease = replace(self.job.lease, written=self._written)
        while True:
            asked_at = loop.time()
            try:
                await self._work.commit(lease, writes, service=service)
                for point in at:
                    await self.failpoints.reach_async(point, lost=commit_lost())
            except Unavailable:
                if loop.time() >= give_up_at:
                    raise
                await asyncio.sleep(_PAUSE)
            else:
                self._written = max(self._written, lease.written + 1)
                return asked_at
