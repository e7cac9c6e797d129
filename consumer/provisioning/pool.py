"""The workers: claims due students fairly over tenants, works each in a task of its own, and ends gracefully."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from consumer.errors import RetryLater, Stop
from consumer.failpoints import UNARMED, Failpoints, Point, commit_lost
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Work
from consumer.observe.metrics import Metrics
from consumer.provisioning.slow_start import GROWS_EVERY, SlowStart

log = structlog.get_logger()

_PAUSE_BETWEEN_CLAIMS = 0.02
_PAUSE_WHEN_AWAY = 1.0


class Pool:
    """Loop 2. One task runs `run`; `stop` may be called from the same event loop.

    `handle` is given a student and the event loop's time at which the claim was asked for: however long the process stood still since,
    the database's time can be derived from it.

    `limits` says for each tenant how many of its students may be in work at once, so that a slow provider of one tenant holds
    only that tenant's share; `concurrency` how many in all, which the pool comes to little by little. `wait` returns when new work was
    announced, at the latest after the seconds it is given.
    """

    def __init__(
        self,
        *,
        work: Work,
        handle: Callable[[Job, float], Awaitable[None]],
        limits: Mapping[str, int],
        concurrency: int,
        lease: float,
        sweep: float,
        worker: str,
        wait: Callable[[float], Awaitable[None]],
        beat: Callable[[], None],
        metrics: Metrics,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._work = work
        self._handle = handle
        self._limits = limits
        self._slow_start = SlowStart(concurrency)
        self._lease = lease
        self._sweep = sweep
        self._worker = worker
        self._wait = wait
        self._beat = beat
        self._metrics = metrics
        self._failpoints = failpoints
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_work: Counter[str] = Counter()
        self._turn = 0
        self._changed = asyncio.Event()
        self.stopping = False

    def stop(self) -> None:
        """Claims nothing more; students in work are handed back between two steps."""
        self.stopping = True
        self._changed.set()

    async def run(self, *, drain: float) -> None:
        """Works until `stop`; then waits at most `drain` seconds for the students in work."""
        while not self.stopping:
            self._beat()
            claimed_at = asyncio.get_running_loop().time()
            jobs = await self._claim()
            for job in jobs:
                self._start(job, claimed_at)
            await self._pause(idle=not jobs)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=drain)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def room(self) -> Mapping[str, int]:
        """How many more students each tenant may have in work now; in all no more than the process has room for."""
        in_work = len(self._tasks)
        free = self._slow_start.allowed(in_work, asyncio.get_running_loop().time()) - in_work
        wants = self._wants()
        if free <= 0 or not wants:
            return {}
        open_to = list(wants)
        self._turn = (self._turn + 1) % len(open_to)
        order = open_to[self._turn :] + open_to[: self._turn]
        share, extra = divmod(free, len(open_to))
        shares = {tenant: min(wants[tenant], share + (index < extra)) for index, tenant in enumerate(order)}
        return {tenant: places for tenant, places in shares.items() if places > 0}

    def _wants(self) -> Mapping[str, int]:
        """How many more students each tenant's own limit lets in; tenants at their limit are left out."""
        wants = {tenant: limit - self._in_work[tenant] for tenant, limit in self._limits.items()}
        return {tenant: want for tenant, want in wants.items() if want > 0}

    async def _claim(self) -> Sequence[Job]:
        room = self.room()
        if not room:
            return ()
        try:
            jobs = await self._work.claim(room, lease=self._lease, worker=self._worker)
            if jobs:
                await self._failpoints.reach_async(Point.STUDENT_CLAIMED, lost=commit_lost())
        except RetryLater:
            self._metrics.database_away.labels("provisioning").set(1)
            await asyncio.sleep(_PAUSE_WHEN_AWAY)
            return ()
        except Exception as fault:  # noqa: BLE001  see `_failed`
            self._failed("claim", fault)
            await asyncio.sleep(_PAUSE_WHEN_AWAY)
            return ()
        self._metrics.database_away.labels("provisioning").set(0)
        return jobs

    def _start(self, job: Job, claimed_at: float) -> None:
        tenant = job.lease.tenant_id
        task = asyncio.create_task(self._one(job, claimed_at), name=f"student of {tenant}")
        self._in_work[tenant] += 1
        self._tasks.add(task)
        self._metrics.in_work.set(len(self._tasks))
        task.add_done_callback(lambda done: self._done(done, tenant))

    async def _one(self, job: Job, claimed_at: float) -> None:
        await self._handle(job, claimed_at)

    def _done(self, task: asyncio.Task[None], tenant: str) -> None:
        self._tasks.discard(task)
        self._in_work[tenant] -= 1
        self._metrics.in_work.set(len(self._tasks))
        self._changed.set()
        if not task.cancelled() and (error := task.exception()):
            # A bug: the student's lease expires and the student is tried again; others are not affected.
            self._metrics.loop_faults.labels("provisioning", type(error).__name__).inc()
            log.error("student_failed_unexpectedly", tenant_id=tenant, exc_info=error)

    async def _pause(self, *, idle: bool) -> None:
        """A short breath while there is work (a claim serves many finished students at once); else until something changes."""
        if not idle:
            await asyncio.sleep(_PAUSE_BETWEEN_CLAIMS)
            return
        seconds = await self._next_due() if self.room() else min(self._sweep, GROWS_EVERY)
        self._changed.clear()
        if self.stopping:
            return
        woken = asyncio.ensure_future(self._wait(seconds))
        changed = asyncio.ensure_future(self._changed.wait())
        _, pending = await asyncio.wait({woken, changed}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending)
        await asyncio.sleep(_PAUSE_BETWEEN_CLAIMS)

    async def _next_due(self) -> float:
        try:
            due = await self._work.seconds_to_next(self._wants().keys())
        except RetryLater:
            return _PAUSE_WHEN_AWAY
        except Exception as fault:  # noqa: BLE001  see `_failed`
            self._failed("seconds_to_next", fault)
            return _PAUSE_WHEN_AWAY
        return self._sweep if due is None else min(self._sweep, max(due, _PAUSE_BETWEEN_CLAIMS))

    def _failed(self, question: str, fault: Exception) -> None:
        """A fault of the ledger that does not pass by itself, such as a value that this version cannot read.

        It must not end the loop, which serves all tenants. Raises `Stop` again. A database's error text quotes data, and is left out.
        """
        if isinstance(fault, Stop):
            raise fault
        self._metrics.loop_faults.labels("provisioning", type(fault).__name__).inc()
        log.error("ledger_fault", question=question, error=type(fault).__name__)
