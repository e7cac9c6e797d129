"""Fair shares, and a graceful end."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CollectorRegistry

from consumer.events import Provider
from consumer.ledger.port import Defer, Job, SealCredential
from consumer.observe.metrics import Metrics
from consumer.provisioning.pool import Pool
from tests.fakes.ledger import MemoryLedger
from tests.ledger.conftest import TOPIC, arrival, event


def pool(
    ledger: MemoryLedger,
    handle: Callable[[Job, float], Awaitable[None]],
    *,
    limits: Mapping[str, int],
    concurrency: int = 10,
    beat: Callable[[], None] = lambda: None,
) -> Pool:
    async def wait(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    return Pool(
        work=ledger,
        handle=handle,
        limits=limits,
        concurrency=concurrency,
        lease=60,
        sweep=0.01,
        worker="w",
        wait=wait,
        beat=beat,
        metrics=Metrics(CollectorRegistry()),
    )


def filled(**students: int) -> MemoryLedger:
    ledger = MemoryLedger()
    epochs = {(TOPIC, 0): ledger.own(TOPIC, [0], owner="me")[0].epoch}
    for tenant, count in students.items():
        events = [event(f"{tenant}{n}", tenant_id=tenant, student_id=f"s{n}") for n in range(count)]
        ledger.accept([arrival(one) for one in events], epochs=epochs)
    return ledger


async def nothing(_job: Job, _claimed_at: float) -> None:
    return


async def test_room_is_shared_out_over_tenants() -> None:
    room = pool(filled(), nothing, limits={"a": 16, "b": 16, "c": 16}, concurrency=9).room()
    assert room == {"a": 3, "b": 3, "c": 3}


async def test_no_tenant_gets_more_than_its_own_limit() -> None:
    assert pool(filled(), nothing, limits={"a": 2}, concurrency=9).room() == {"a": 2}


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


async def test_passwords_whose_time_is_over_are_destroyed_while_the_pool_runs() -> None:
    ledger, forgotten = filled(a=1), asyncio.Event()
    (job,) = await ledger.claim({"a": 1}, lease=60, worker="w")
    await ledger.commit(job.lease, [SealCredential(Provider.MICROSOFT, 0, b"sealed", lifetime=0)])
    workers = pool(
        ledger,
        nothing,
        limits={"a": 1},
        beat=lambda: None if ledger.student("a", "s0").credentials else forgotten.set(),
    )
    running = asyncio.create_task(workers.run(drain=5))
    async with asyncio.timeout(10):
        await forgotten.wait()
    workers.stop()
    await running
