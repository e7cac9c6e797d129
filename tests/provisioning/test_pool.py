"""Fair shares, and a graceful end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import pytest
from prometheus_client import CollectorRegistry

from consumer.errors import Reason, Stop
from consumer.events import StepName
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Due, Room
from consumer.ledger.port.writes import Defer, TenantWaits
from consumer.observe.metrics import Metrics
from consumer.provisioning.pool import Pool
from consumer.provisioning.scheduler import Share
from testbed.fakes.ledger import MemoryLedger
from tests.ledger.conftest import TOPIC, arrival, event


def pool(
    ledger: MemoryLedger,
    handle: Callable[[Job, float], Awaitable[None]],
    *,
    limits: Mapping[str, int],
    services: tuple[str, ...] = (),
    concurrency: int = 10,
    beat: Callable[[], None] = lambda: None,
    metrics: Metrics | None = None,
    wait: Callable[[float], Awaitable[None]] | None = None,
    sweep: float = 0.01,
    shares: Callable[[], Mapping[str, Share]] | None = None,
) -> Pool:
    async def short(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    fixed = {tenant: Share(limit, services) for tenant, limit in limits.items()}
    return Pool(
        work=ledger,
        handle=handle,
        shares=shares or (lambda: fixed),
        concurrency=concurrency,
        lease=60,
        sweep=sweep,
        overdue=900,
        worker="w",
        wait=wait or short,
        beat=beat,
        metrics=metrics or Metrics(CollectorRegistry()),
    )


def filled(**students: int) -> MemoryLedger:
    ledger = MemoryLedger()
    fill(ledger, **students)
    return ledger


def fill(ledger: MemoryLedger, **students: int) -> None:
    epochs = {(TOPIC, 0): ledger.own(TOPIC, [0], owner="me")[0].epoch}
    for tenant, count in students.items():
        events = [event(f"{tenant}{n}", tenant_id=tenant, student_id=f"s{n}") for n in range(count)]
        ledger.accept([arrival(one) for one in events], epochs=epochs)


async def nothing(_job: Job, _claimed_at: float) -> None:
    return


async def test_one_tenants_hanging_students_leave_room_for_the_others() -> None:
    ledger, worked = filled(slow=20, quick=20), set[str]()
    quick_done, release = asyncio.Event(), asyncio.Event()

    async def handle(job: Job, _claimed_at: float) -> None:
        if job.lease.tenant_id == "slow":
            await release.wait()
        worked.add(f"{job.lease.tenant_id}/{job.lease.student_id}")
        await ledger.commit(job.lease, [Defer(1_000)])
        if sum(one.startswith("quick") for one in worked) == 20:
            quick_done.set()

    workers = pool(ledger, handle, limits={"slow": 4, "quick": 4}, concurrency=8)
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await quick_done.wait()
    release.set()
    workers.stop()
    await running


async def test_a_stop_waits_for_students_in_work() -> None:
    ledger, ended = filled(a=1), list[str]()
    begun, release = asyncio.Event(), asyncio.Event()

    async def handle(job: Job, _claimed_at: float) -> None:
        begun.set()
        await release.wait()
        ended.append(job.lease.student_id)

    workers = pool(ledger, handle, limits={"a": 4})
    running = asyncio.create_task(workers.run(drain=5))
    await begun.wait()
    workers.stop()
    release.set()
    await running
    assert ended == ["s0"]


async def test_a_defect_in_one_student_does_not_end_the_others() -> None:
    ledger, fine = filled(a=5), asyncio.Event()

    async def handle(job: Job, _claimed_at: float) -> None:
        if job.lease.student_id == "s0":
            raise ZeroDivisionError
        if job.lease.student_id == "s4":
            fine.set()

    workers = pool(ledger, handle, limits={"a": 1})
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await fine.wait()
    workers.stop()
    await running


class Watched(MemoryLedger):
    """A ledger that counts the questions it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = self.claims = 0
        self.looked = asyncio.Event()

    async def due(self, since: datetime | None) -> Due:
        self.looks += 1
        if self.looks == 5:
            self.looked.set()
        return await super().due(since)

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        self.claims += 1
        return await super().claim(room, lease=lease, worker=worker)


async def test_nothing_is_claimed_of_a_tenant_whose_service_waits() -> None:
    ledger = Watched()
    fill(ledger, a=2)
    (job,) = await ledger.claim({"a": Room(1)}, lease=60, worker="w")
    await ledger.commit(job.lease, [TenantWaits("microsoft", 100, Reason.THROTTLED, StepName.CREATE), Defer(0)])
    workers = pool(ledger, nothing, limits={"a": 4}, services=("microsoft",))
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await ledger.looked.wait()
    workers.stop()
    await running
    assert ledger.claims == 1


async def test_work_that_is_announced_right_after_a_look_waits_for_no_sweep() -> None:
    ledger, worked, announced = Watched(), asyncio.Event(), asyncio.Event()

    async def handle(job: Job, _claimed_at: float) -> None:
        await ledger.commit(job.lease, [Defer(1_000)])
        worked.set()

    async def wait(seconds: float) -> None:
        if announced.is_set():
            await asyncio.sleep(seconds)
        else:
            fill(ledger, a=1)
            announced.set()

    workers = pool(ledger, handle, limits={"a": 1}, wait=wait, sweep=3_600)
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await worked.wait()
    workers.stop()
    await running


class Broken(MemoryLedger):
    """A ledger in which a question fails, as one on PostgreSQL does where it meets a value that it cannot read."""

    def __init__(self, question: str, fault: Exception) -> None:
        super().__init__()
        self._question = question
        self._fault = fault
        self.left = 1
        self.failed = asyncio.Event()

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        self._fail("claim")
        return await super().claim(room, lease=lease, worker=worker)

    async def due(self, since: datetime | None) -> Due:
        self._fail("due")
        return await super().due(since)

    def _fail(self, question: str) -> None:
        if question == self._question and self.left:
            self.left -= 1
            self.failed.set()
            raise self._fault


@pytest.mark.parametrize("question", ["claim", "due"])
async def test_a_fault_of_the_ledger_that_does_not_pass_is_counted_and_does_not_end_the_loop(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger, worked = Broken(question, ZeroDivisionError("Maria")), asyncio.Event()

    async def handle(job: Job, _claimed_at: float) -> None:
        await ledger.commit(job.lease, [Defer(1_000)])
        worked.set()

    metrics = Metrics(CollectorRegistry())
    workers = pool(ledger, handle, limits={"a": 1}, metrics=metrics)
    fill(ledger, a=1)
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await ledger.failed.wait()
        await worked.wait()
    workers.stop()
    await running
    labels = {"loop": "provisioning", "fault": "ZeroDivisionError"}
    assert metrics.registry.get_sample_value("provisioner_loop_faults_total", labels) == 1
    assert "Maria" not in capsys.readouterr().out


async def test_a_process_that_cannot_continue_ends() -> None:
    with pytest.raises(Stop):
        await pool(Broken("due", Stop("The tables are of another version.")), nothing, limits={"a": 1}).run(drain=1)


async def test_a_tenant_that_is_added_is_claimed_and_one_that_left_is_not() -> None:
    ledger, worked, seen = filled(left=2, added=2), list[str](), asyncio.Event()
    shares = {"first": {"left": Share(1)}, "then": {"added": Share(1)}}
    now = shares["first"]

    async def handle(job: Job, _claimed_at: float) -> None:
        nonlocal now
        worked.append(job.lease.tenant_id)
        now = shares["then"]
        await ledger.commit(job.lease, [Defer(1_000)])
        if worked.count("added") == 2:
            seen.set()

    workers = pool(ledger, handle, limits={}, shares=lambda: now, sweep=3_600)
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await seen.wait()
    workers.stop()
    await running
    assert worked == ["left", "added", "added"]
