"""The workers: claims due students fairly over tenants, works each in a task of its own, and ends gracefully."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf
from typing import TypeVar

import structlog

from consumer.errors import RetryLater, Stop
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.ledger.port.student import Job, Lease
from consumer.ledger.port.work import Room, Work
from consumer.observe.metrics import Metrics
from consumer.policy.work_class import WorkClass
from consumer.provisioning.scheduler import Scheduler, Share, no_one_in_line
from consumer.provisioning.slots import Slots
from consumer.provisioning.slow_start import GROWS_EVERY

T = TypeVar("T")

log = structlog.get_logger()

_PAUSE_BETWEEN_CLAIMS = 0.02
_PAUSE_WHEN_AWAY = 1.0
_LOOK_EVERY = 0.25
"""Seconds after which a busy process looks whose students have become due meanwhile: a tenant that has much to do hides no other."""
_LOOK_AT_LEAST = 0.1
"""Seconds between two looks, however much is announced."""
_OVERLAP = timedelta(seconds=2)
"""What became due so long before the last look is looked for again: the intake's transaction was open then. The sweep finds others."""


class Pool:
    """Loop 2. One task runs `run`; `stop` may be called from the same event loop.

    `handle` is given a student and the event loop's time at which the claim was asked for: however long the process stood still since,
    the database's time can be derived from it.

    `shares` gives, for each tenant that counts now, how many of its students may be in work at once, and another mapping once that has
    changed; `concurrency` is how many in all (see `Slots`). `wait` returns when new work was announced, at the latest after the seconds it
    is given. A student who has been due for `overdue` seconds is claimed although the tenant's services wait: to be reported. `in_line`
    says how many of a tenant's students, with work of a class, wait for a vendor's limit. Every `sweep` seconds all tenants are looked at.
    """

    def __init__(
        self,
        *,
        work: Work,
        handle: Callable[[Job, float], Awaitable[None]],
        shares: Callable[[], Mapping[str, Share]],
        concurrency: int,
        lease: float,
        sweep: float,
        overdue: float,
        worker: str,
        wait: Callable[[float], Awaitable[None]],
        beat: Callable[[], None],
        metrics: Metrics,
        in_line: Callable[[str, WorkClass], int] = no_one_in_line,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._work = work
        self._handle = handle
        self._shares = shares
        self._scheduler = Scheduler(shares(), overdue=overdue, in_line=in_line)
        self._slots = Slots(concurrency)
        self._lease = lease
        self._sweep = sweep
        self._worker = worker
        self._wait = wait
        self._beat = beat
        self._metrics = metrics
        self._failpoints = failpoints
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._seen: datetime | None = None
        self._looked = self._look_again = self._sweep_again = self._next_due = -inf
        self._look_wanted = False
        self.stopping = False

    def stop(self) -> None:
        """Claims nothing more; students in work are handed back between two steps."""
        self.stopping = True
        self._changed.set()

    async def run(self, *, drain: float) -> None:
        """Works until `stop`; then waits at most `drain` seconds for the students in work."""
        while not self.stopping:
            self._beat()
            self._reconfigure()
            claimed = await self._look() and await self._claim()
            await self._pause(busy=claimed)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=drain)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _reconfigure(self) -> None:
        """Where the tenants have changed, all of them are looked at: one that came back may have students who have long been due."""
        if (shares := self._shares()) is not self._scheduler.shares:
            self._scheduler.reconfigure(shares)
            self._look_again = self._sweep_again = -inf

    async def _look(self) -> bool:
        """Asks who has work, where it is time to; False where the ledger could not say."""
        now = asyncio.get_running_loop().time()
        if now < self._look_again:
            return True
        since = None if self._seen is None or now >= self._sweep_again else self._seen - _OVERLAP
        self._look_wanted = False
        due = await self._asked("due", self._work.due(since))
        if due is None:
            return False
        self._scheduler.saw(due, now, everything=since is None)
        self._seen = due.at
        self._looked, self._look_again = now, now + _LOOK_EVERY
        self._next_due = inf if due.next_in is None else now + due.next_in
        if since is None:
            self._sweep_again = now + self._sweep
        return True

    async def _claim(self) -> bool:
        """Whether a student was claimed."""
        now = asyncio.get_running_loop().time()
        room = self._scheduler.room(self._slots, now)
        if not room:
            return False
        jobs = await self._asked("claim", self._claimed(room))
        if jobs is None:
            return False
        self._scheduler.claimed(room, [(job.lease.tenant_id, job.work_class) for job in jobs])
        for job in jobs:
            self._start(job, now)
        return bool(jobs)

    async def _claimed(self, room: Mapping[str, Room]) -> Sequence[Job]:
        jobs = await self._work.claim(room, lease=self._lease, worker=self._worker)
        if jobs:
            await self._failpoints.reach_async(Point.STUDENT_CLAIMED, lost=commit_lost())
        return jobs

    async def _asked(self, question: str, answer: Awaitable[T]) -> T | None:
        """The ledger's answer; None, after a pause, where there is none."""
        try:
            answered = await answer
        except RetryLater:
            self._metrics.database_away.labels("provisioning").set(1)
        except Exception as fault:  # noqa: BLE001  see `_failed`
            self._failed(question, fault)
        else:
            self._metrics.database_away.labels("provisioning").set(0)
            return answered
        await asyncio.sleep(_PAUSE_WHEN_AWAY)
        return None

    def _failed(self, question: str, fault: Exception) -> None:
        """A fault of the ledger that does not pass by itself, such as a value that this version cannot read.

        It must not end the loop, which serves all tenants. Raises `Stop` again. A database's error text quotes data, and is left out.
        """
        if isinstance(fault, Stop):
            raise fault
        self._metrics.loop_faults.labels("provisioning", type(fault).__name__).inc()
        log.error("ledger_fault", question=question, error=type(fault).__name__)

    def _start(self, job: Job, claimed_at: float) -> None:
        tenant = job.lease.tenant_id
        task = asyncio.create_task(self._one(job, claimed_at), name=f"student of {tenant}")
        self._scheduler.started(tenant)
        self._slots.take(task, tenant, claimed_at)
        self._tasks.add(task)
        self._metrics.in_work.set(len(self._tasks))
        task.add_done_callback(lambda done: self._done(done, job.lease))

    async def _one(self, job: Job, claimed_at: float) -> None:
        await self._handle(job, claimed_at)

    def _done(self, task: asyncio.Task[None], lease: Lease) -> None:
        self._tasks.discard(task)
        self._slots.release(task, asyncio.get_running_loop().time())
        self._scheduler.ended(lease.tenant_id)
        self._metrics.in_work.set(len(self._tasks))
        self._look_wanted = True  # a student may be due again at once
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            # A bug: the student's lease expires and the student is tried again; others are not affected.
            self._metrics.loop_faults.labels("provisioning", type(error).__name__).inc()
            who = {"tenant_id": lease.tenant_id, "student_id": lease.student_id}
            log.error("student_failed_unexpectedly", **who, exc_info=error)

    async def _pause(self, *, busy: bool) -> None:
        """A short breath while there is work (a claim serves many finished students at once); else until something changes."""
        if busy:
            await asyncio.sleep(_PAUSE_BETWEEN_CLAIMS)
            return
        now = asyncio.get_running_loop().time()
        seconds = min(self._sweep, max(self._until(now) - now, _PAUSE_BETWEEN_CLAIMS))
        self._changed.clear()
        if self.stopping:
            return
        woken = asyncio.ensure_future(self._wait(seconds))
        changed = asyncio.ensure_future(self._changed.wait())
        _, pending = await asyncio.wait({woken, changed}, return_when=asyncio.FIRST_COMPLETED)
        if woken not in pending:
            self._look_wanted = True
            self._look_again = min(self._look_again, self._looked + _LOOK_AT_LEAST)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)
        await asyncio.sleep(_PAUSE_BETWEEN_CLAIMS)

    def _until(self, now: float) -> float:
        """When to continue at the latest, if nothing is announced and no student ends."""
        if not self._slots.free(now) and not self._slots.free_apart():
            return now + GROWS_EVERY
        times = [self._sweep_again, self._next_due, self._scheduler.next_wait_ends() or inf]
        if self._tasks or self._look_wanted:
            times.append(self._look_again)
        return min(times)
