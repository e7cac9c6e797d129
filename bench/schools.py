"""Many tenants: what one of them notices of the others.

The pool and the ledger are the service's own; in place of the steps, each student begins one, waits for the vendor, and is settled.
"""

import asyncio
import resource
import statistics
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from bench.students import ENDED, PROVIDER, arrival, begun
from consumer.errors import Reason
from consumer.ledger.due import DueTenants
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Settle
from consumer.ledger.work import PostgresWork
from consumer.observe.metrics import Metrics
from consumer.provisioning.pool import Pool
from consumer.provisioning.scheduler import Share

_CALL, _SLOW_CALL = 0.1, 20.0
"""Seconds that a vendor takes."""
_SLOW = 40
_EVEN = 1.2
_KEEPS = 0.9
_LATER = 1.1
_LOOK = 0.005
_BATCH = 500
_CLEAN = text("TRUNCATE inbox, student, account, address, step, attempt, credential, outbox, tenant_wait, student_wait")
_BACKLOG = text(
    """
    INSERT INTO student (tenant_id, student_id, desired_version, desired, accepted_at, due_at)
    SELECT 'school-' || n % :tenants, 'b' || n, 1, '{}', now(), now() - interval '1 hour' FROM generate_series(1, :students) AS n
    """
)
_THROTTLED = text(
    """
    INSERT INTO tenant_wait (tenant_id, service, until, held, reason, since)
    SELECT DISTINCT tenant_id, 'microsoft', now() + interval '1 day', false, :reason, now() FROM student
    """
)


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """One after the other, on one database."""
    engine = open_engine(parts.database)
    try:
        return [
            *_configured(engine, scale.schools),
            _busy(engine, scale.schools),
            _beside_slow_ones(engine),
            _waiting(engine, scale.schools),
            *_looks(engine, scale),
        ]
    finally:
        engine.dispose()


def _configured(engine: Engine, most: int) -> Sequence[Row]:
    """A tenant with 200 students, while others are configured and have nothing to do."""
    say("schools: one of many has work …")
    took = {count: _Course(engine, count).takes({0: 200}) for count in (3, 100, most)}
    longest = max(took.values())
    shown = ", ".join(f"{count:,} configured: {seconds:.2f} s" for count, seconds in took.items())
    return [Row("200 students of one tenant", shown, f"the same ({_EVEN} or less)", longest <= _EVEN * took[3])]


def _busy(engine: Engine, most: int) -> Row:
    say("schools: some of many are busy …")
    few, many = 50, min(500, most)
    rates = [
        2_000 / _Course(engine, configured).takes(dict.fromkeys(range(busy), 2_000 // busy))
        for configured, busy in ((few, few), (most, many))
    ]
    shown = f"{rates[0]:,.0f}/s with {few}; {rates[1]:,.0f}/s with {many} busy of {most:,}"
    return Row("2,000 students of many tenants", shown, f"{_KEEPS} or more", rates[1] >= _KEEPS * rates[0])


def _beside_slow_ones(engine: Engine) -> Row:
    say(f"schools: one beside {_SLOW} whose vendor takes {_SLOW_CALL:.0f} s …")
    alone = _Course(engine, _SLOW + 1)
    alone.takes({0: 100})
    beside = _Course(engine, _SLOW + 1, slow=range(1, _SLOW + 1))
    beside.takes({0: 100}, after=dict.fromkeys(range(1, _SLOW + 1), 40))
    waits = [statistics.quantiles(course.waits("school-0"), n=100)[98] for course in (alone, beside)]
    shown = f"p99 {waits[0]:.2f} s alone, {waits[1]:.2f} s beside them"
    wanted = f"within {_LATER} of alone"
    return Row(
        f"100 students, {_SLOW} tenants with calls of {_SLOW_CALL:.0f} s", shown, wanted, waits[1] <= _LATER * waits[0]
    )


def _waiting(engine: Engine, most: int) -> Row:
    say("schools: all wait for their vendors …")
    course = _Course(engine, most)
    with engine.begin() as connection:
        connection.execute(_BACKLOG, {"tenants": most, "students": 5 * most})
        connection.execute(text("UPDATE student SET due_at = now()"))
        connection.execute(_THROTTLED, {"reason": Reason.THROTTLED})
    seconds = 5.0
    began = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    course.runs(seconds)
    share = (resource.getrusage(resource.RUSAGE_SELF).ru_utime - began) / seconds
    shown = f"{course.claims} claims in {seconds:.0f} s, {share:.1%} of a core"
    return Row(f"{most:,} tenants that wait, with students due", shown, "no claim", course.claims == 0)


def _looks(engine: Engine, scale: Scale) -> Sequence[Row]:
    say("schools: who has work, among many …")
    with engine.begin() as connection:
        connection.execute(_CLEAN)
        connection.execute(_BACKLOG, {"tenants": scale.schools, "students": scale.backlog})
        connection.execute(text("ANALYZE student"))
    due = DueTenants(engine)
    since = due.look(None).at
    new, everything = (_median(lambda since=since: due.look(since)), _median(lambda: due.look(None)))
    what = f"a look, {scale.schools:,} tenants, {scale.backlog:,} due"
    return [
        Row(f"{what}: who became due", f"{new * 1e3:.1f} ms", f"{_LOOK * 1e3:.0f} ms", new <= _LOOK),
        Row("… at all of them, every 5 s", f"{everything * 1e3:.0f} ms"),
    ]


def _median(look: Callable[[], object], rounds: int = 9) -> float:
    took: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        look()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


class _Course:
    """One process's pool, over a ledger that is emptied for it."""

    def __init__(self, engine: Engine, configured: int, *, slow: Collection[int] = ()) -> None:
        with engine.begin() as connection:
            connection.execute(_CLEAN)
        self._engine = engine
        self._shares = {f"school-{number}": Share(16, (PROVIDER,)) for number in range(configured)}
        self._slow = {f"school-{number}" for number in slow}
        self._accepted_at: dict[str, float] = {}
        self._ended: dict[str, list[float]] = {}
        self._left: dict[str, int] = {}
        self._done = asyncio.Event()
        self.claims = 0

    def takes(self, students: Mapping[int, int], *, after: Mapping[int, int] | None = None) -> float:
        """Seconds until all `students` (by tenant) are settled. They come when those in `after` have been in work for some seconds."""
        return asyncio.run(self._takes(students, after or {}))

    def runs(self, seconds: float) -> None:
        """For so long, whatever there is to do."""
        asyncio.run(self._takes({}, {}, seconds=seconds))

    def waits(self, tenant: str) -> Sequence[float]:
        """Seconds from acceptance to settlement, of each of its students."""
        return [at - self._accepted_at[tenant] for at in self._ended[tenant]]

    async def _takes(self, students: Mapping[int, int], after: Mapping[int, int], *, seconds: float = 0.0) -> float:
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
            await asyncio.to_thread(self._accept, after)
            announced.set()
            await asyncio.sleep(6)
        self._left = {f"school-{number}": count for number, count in students.items()}
        await asyncio.to_thread(self._accept, students)
        announced.set()
        began = time.perf_counter()
        if self._left:
            await self._done.wait()
        took = time.perf_counter() - began
        await asyncio.sleep(seconds)
        pool.stop()
        await running
        work.close()
        self.claims = work.claims
        return took

    def _accept(self, students: Mapping[int, int]) -> None:
        inbox = PostgresInbox(self._engine)
        epochs = {("bench", 0): inbox.own("bench", [0], owner="bench")[0].epoch}
        arrivals = [_arrival(number, n) for number, count in students.items() for n in range(count)]
        for start in range(0, len(arrivals), _BATCH):
            inbox.accept(arrivals[start : start + _BATCH], epochs=epochs)
        now = time.perf_counter()
        self._accepted_at |= dict.fromkeys((arrival.event.tenant_id for arrival in arrivals), now)

    async def _student(self, work: PostgresWork, job: Job) -> None:
        tenant = job.lease.tenant_id
        await work.commit(job.lease, [begun(job)])
        await asyncio.sleep(_SLOW_CALL if tenant in self._slow else _CALL)
        await work.commit(job.lease, [ENDED, Settle(job.desired.event.version, Disposition.APPLIED, 0)])
        self._ended.setdefault(tenant, []).append(time.perf_counter())
        if tenant in self._left:
            self._left[tenant] -= 1
            if not any(self._left.values()):
                self._done.set()


class _Counted(PostgresWork):
    """The ledger, with its claims counted."""

    claims = 0

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        self.claims += 1
        return await super().claim(room, lease=lease, worker=worker)


def _arrival(school: int, number: int) -> Arrival:
    tenant = f"school-{school}"
    return arrival(f"{tenant}-{number}", tenant, f"s{number}", version=1, topic="bench", offset=number)
