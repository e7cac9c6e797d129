"""One process's pool over the ledger: both are the service's own.

In place of the steps, each student begins one, waits for the vendor, and is settled.
"""

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from bench.students import ENDED, LOST, PROVIDER, arrival, begun
from consumer.events import StudentStatusChanged
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Defer, Settle
from consumer.ledger.work import PostgresWork
from consumer.observe.metrics import Metrics
from consumer.provisioning.pool import Pool
from consumer.provisioning.scheduler import Share

_CALL = 0.1
"""Seconds that a vendor takes."""
_IN_WORK_FOR, _EVERY, _LATER = 6.0, 0.25, 30.0
"""Seconds: for which other students are in work before; between two batches of events; until a student whose call timed out is due."""
_BATCH = 500
CLEAN = text("TRUNCATE inbox, student, account, address, step, attempt, credential, outbox, tenant_wait, student_wait")


class PoolCourse:
    """`configured` tenants, `school-0` and so on, over a ledger that is emptied for it.

    `calls` are the seconds that their vendors take, where they differ; those of `down` time out after that, and their students wait.
    """

    def __init__(
        self, engine: Engine, configured: int, *, calls: Mapping[str, float] | None = None, down: Collection[str] = ()
    ) -> None:
        with engine.begin() as connection:
            connection.execute(CLEAN)
        self._engine = engine
        self._shares = {f"school-{number}": Share(16, (PROVIDER,)) for number in range(configured)}
        self._calls = calls or {}
        self._down = down
        self._accepted_at: dict[tuple[str, str], float] = {}
        self._ended: dict[tuple[str, str], float] = {}
        self._left = 0
        self._wanted: set[tuple[str, str]] = set()
        self._done = asyncio.Event()
        self.claims = 0

    def takes(self, students: Mapping[int, int], *, after: Mapping[int, int] | None = None, over: float = 0.0) -> float:
        """Seconds until all `students` (by tenant) are settled. They come when those in `after` have been in work for some seconds.

        `over`: within so many seconds, evenly; at once without it.
        """
        return asyncio.run(self._takes(students, after or {}, over=over))

    def runs(self, seconds: float) -> None:
        """For so long, whatever there is to do."""
        asyncio.run(self._takes({}, {}, seconds=seconds))

    def waits(self) -> Sequence[float]:
        """Seconds from acceptance to settlement, of each of the students that were waited for."""
        return [self._ended[student] - self._accepted_at[student] for student in self._wanted]

    async def _takes(
        self, students: Mapping[int, int], after: Mapping[int, int], *, seconds: float = 0.0, over: float = 0.0
    ) -> float:
        work = _Counted(self._engine)
        announced = asyncio.Event()

        async def wait(longest: float) -> None:
            try:
                async with asyncio.timeout(longest):
                    await announced.wait()
            except TimeoutError:
                return
            announced.clear()

        async def handle(job: Job, _: float) -> None:
            await self._student(work, job)

        pool = Pool(
            work=work,
            handle=handle,
            shares=lambda: self._shares,
            concurrency=256,
            lease=60,
            sweep=5,
            overdue=900,
            worker="bench",
            wait=wait,
            beat=lambda: None,
            metrics=Metrics(CollectorRegistry()),
        )
        running = asyncio.create_task(pool.run(drain=0))
        if after:
            await asyncio.to_thread(self._accept, _arrivals(after))
            announced.set()
            await asyncio.sleep(_IN_WORK_FOR)
        arrivals = _arrivals(students)
        self._wanted = {_key(one.event) for one in arrivals}
        self._left = len(self._wanted)
        began = time.perf_counter()
        parts = max(1, round(over / _EVERY))
        for part in range(parts):
            await asyncio.sleep(began + part * _EVERY - time.perf_counter())
            await asyncio.to_thread(self._accept, arrivals[part::parts])
            announced.set()
        if self._left:
            await self._done.wait()
        took = time.perf_counter() - began
        await asyncio.sleep(seconds)
        pool.stop()
        await running
        work.close()
        self.claims = work.claims
        return took

    def _accept(self, arrivals: Sequence[Arrival]) -> None:
        inbox = PostgresInbox(self._engine)
        epochs = {("bench", 0): inbox.own("bench", [0], owner="bench")[0].epoch}
        for start in range(0, len(arrivals), _BATCH):
            inbox.accept(arrivals[start : start + _BATCH], epochs=epochs)
        self._accepted_at |= dict.fromkeys((_key(one.event) for one in arrivals), time.perf_counter())

    async def _student(self, work: PostgresWork, job: Job) -> None:
        tenant = job.lease.tenant_id
        await work.commit(job.lease, [begun(job)])
        await asyncio.sleep(self._calls.get(tenant, _CALL))
        if tenant in self._down:
            await work.commit(job.lease, [LOST, Defer(_LATER)])
            return
        await work.commit(job.lease, [ENDED, Settle(job.desired.event.version, Disposition.APPLIED, 0)])
        student = _key(job.desired.event)
        self._ended[student] = time.perf_counter()
        if student in self._wanted:
            self._left -= 1
            if not self._left:
                self._done.set()


class _Counted(PostgresWork):
    """The ledger, with its claims counted."""

    claims = 0

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        self.claims += 1
        return await super().claim(room, lease=lease, worker=worker)


def _arrivals(students: Mapping[int, int]) -> Sequence[Arrival]:
    return [
        arrival(f"{tenant}-{n}", tenant, f"s{n}", version=1, topic="bench", offset=n)
        for tenant, count in ((f"school-{number}", count) for number, count in students.items())
        for n in range(count)
    ]


def _key(event: StudentStatusChanged) -> tuple[str, str]:
    return event.tenant_id, event.student.student_id
