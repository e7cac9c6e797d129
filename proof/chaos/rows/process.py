"""Process: replicas die, are replaced, stand still, and want for things."""

import asyncio
import json
import os
import resource
from collections.abc import Sequence

from proof.chaos import shifted
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.sis import Raw
from sandbox.simulators.events import SimulatedRecord
from sandbox.simulators.faults import FaultRule, Latency
from testbed.replica import Replica

_LEASE = 8.0
"""Seconds; the installation's."""
_HOUR = 3_600.0
_AT_WORK, _ENOUGH = 5, 120
"""Students."""
_NO_MEMORY = ("MemoryError", "Cannot allocate memory", "can't start new thread")
_FENCED = "provisioner_fenced_writes_total"


@BOOK.row(
    1,
    "kill -9 one of the replicas mid-create",
    expected="survivors take over within the lease + 10 s; 1 account",
)
async def one_is_killed(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    await experiment.rng.choice(experiment.replicas).down(hard=True)
    experiment.fire("kill -9")
    await experiment.settled(0.9)


@BOOK.row(2, "kill -9 all replicas at once, restart", expected="resumes from the ledger; 0 lost")
async def all_are_killed(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    for replica in experiment.replicas:
        replica.kill()
        experiment.fire("kill -9")


@BOOK.row(
    3,
    "kill -9 again and again",
    # A share of the throughput without faults would measure the machine: how long a start takes that shares its cores with the rest.
    expected="progress throughout; converges ≤ 60 s after",
    heals_within=60,
)
async def killed_again_and_again(experiment: Experiment) -> None:
    await experiment.settled(0.05)
    settled = await experiment.installation.watch.settled()
    loop = asyncio.get_running_loop()
    until = loop.time() + experiment.window
    while loop.time() < until:
        await asyncio.sleep(experiment.rng.uniform(2, 5))
        experiment.rng.choice(experiment.replicas).kill()
        experiment.fire("kill -9")
    experiment.expect(
        await experiment.installation.watch.settled() > settled, "nothing was settled while replicas were killed"
    )
    await experiment.settled(0.3)


@BOOK.row(
    4,
    "SIGTERM, rolling restart",
    expected="drain ≤ 30 s; no step unknown; no partition moves (static membership)",
    alone=True,
    changes={
        "provisioning": {"lease": 60, "call_timeout": 10}
    },  # on a slow machine, calls of three seconds become unknown by themselves
)
async def rolling_restart(experiment: Experiment) -> None:
    for replica in experiment.replicas:
        await replica.restart(
            {"PROVISIONER_KAFKA__GROUP_INSTANCE_ID": replica.name, "PROVISIONER_KAFKA_SESSION_TIMEOUT_MS": "30000"}
        )

    share = f"provisioner_intake_partitions {6 / len(experiment.replicas)}\n"

    async def shared() -> bool:
        return all([share in await replica.metrics() for replica in experiment.replicas])

    await experiment.until("every replica has its share of the partitions", shared)
    await experiment.settled(0.1)
    unknown = await experiment.installation.watch.count(_UNKNOWN_STEPS)
    for replica in experiment.replicas:
        others = [other for other in experiment.replicas if other is not replica]
        moved = _moves(others)
        took = await replica.restart()
        experiment.fire("SIGTERM")
        await experiment.until("every replica has its share of the partitions", shared)
        experiment.expect(took <= 30, f"{replica.name} took {took:.0f} s to end")
        experiment.expect(
            _moves(others) == moved,
            f"partitions of others moved when {replica.name} was restarted",
        )
    experiment.expect(experiment.exits() == 0, "a replica that was asked to end did not end with 0")
    experiment.expect(
        await experiment.installation.watch.count(_UNKNOWN_STEPS) == unknown,
        "steps became unknown by a rolling restart",
    )


def _moves(replicas: Sequence[Replica]) -> int:
    """How often partitions came or went there. A rebalance that moves none is no matter."""
    lines = (line for replica in replicas for line in replica.log().splitlines() if '"partitions_' in line)
    published = (json.loads(line) for line in lines)
    return sum(one["event"] in _MOVES and bool(one["partitions"]) for one in published)


_MOVES = {"partitions_assigned", "partitions_revoked", "partitions_lost"}
_UNKNOWN_STEPS = "SELECT count(*) FROM proof_change WHERE name = 'step' AND line->>'state' = 'unknown'"


@BOOK.row(
    5,
    "SIGSTOP for two leases, then SIGCONT (zombie)",
    expected="others take over; what the zombie still writes is fenced (fenced_writes > 0, I13)",
)
async def zombie(experiment: Experiment) -> None:
    experiment.faults(FaultRule(route="*", fault=Latency(low=0.4, high=0.8)))  # so that it stops within calls
    victim = experiment.replicas[0]

    async def works() -> bool:
        return await experiment.metric("provisioner_students_in_work", of=victim) >= _AT_WORK

    await experiment.produce(_fresh(experiment))
    await experiment.until(f"the replica has {_AT_WORK} students in work", works)
    before = await experiment.metric(_FENCED)
    victim.stop()
    experiment.fire("SIGSTOP")
    await asyncio.sleep(2 * _LEASE)

    async def taken_over() -> bool:
        owed = await experiment.installation.watch.owed()
        return owed is not None and not owed.pending

    await experiment.until("the others have done what it had begun", taken_over)
    victim.resume()

    async def fenced() -> bool:
        return await experiment.metric(_FENCED) > before

    await experiment.until("a write of the zombie is fenced", fenced, seconds=30)


@BOOK.row(6, "out of memory", expected="as when killed; 1 account")
async def out_of_memory(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    victim = experiment.rng.choice(experiment.replicas)
    await victim.restart({"MALLOC_ARENA_MAX": "1"})  # else each of its threads has 64 MB of address space in reserve

    async def reads() -> bool:
        return await experiment.metric("provisioner_intake_partitions", of=victim) > 0

    await experiment.until("it reads again", reads)
    pid = victim.pid
    # Nothing can be allocated any more, which ends the process at once or makes it fail wherever it happens to be.
    resource.prlimit(pid, resource.RLIMIT_AS, (1, resource.RLIM_INFINITY))
    large = [Raw(None, b"\x01" * 900_000, partition) for partition in range(6) for _ in range(4)]

    async def fails() -> bool:
        return not victim.running or victim.pid != pid or any(words in victim.log() for words in _NO_MEMORY)

    try:
        await experiment.installation.sis.put_raw(*large)  # it has no room for these
        await experiment.until("it has no memory left", fails, seconds=60)
        experiment.fire("no memory")
    finally:
        victim.environ.clear()
        if victim.running and victim.pid == pid:
            victim.kill()


def _fresh(experiment: Experiment) -> Sequence[SimulatedRecord]:
    """Enough to do for every replica, at once."""
    return [experiment.event("north-high", experiment.person("north-high", number), 1) for number in range(_ENOUGH)]


@BOOK.row(
    7,
    "clock jump ±1 h, ±1 d",
    expected="leases and waits go by the database's time: no lease is taken over early, nothing expires at once",
)
async def clock_jumps(experiment: Experiment) -> None:
    clock = shifted.Clock(experiment.installation.service.folder / "clock")
    victim = experiment.replicas[0]
    victim.module = "proof.chaos.shifted"
    await victim.restart({shifted.VARIABLE: str(clock.path)})
    await experiment.until("it is ready again", victim.ready)
    fenced = await experiment.metric(_FENCED)
    for shift in (_HOUR, -_HOUR, 24 * _HOUR, -24 * _HOUR):
        clock.shift(shift)
        experiment.fire("clock jump")
        await experiment.sleep(0.25)
    clock.shift(0)
    experiment.expect(await experiment.metric(_FENCED) == fenced, "a lease was taken over")
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(
    8,
    "PostgreSQL's disk is full",
    expected="nothing is acknowledged that is not durable; continues when there is room",
    disk=300,
)
async def disk_full(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    disk = experiment.installation.database.disk
    assert disk is not None  # noqa: S101  the row asks for it
    await asyncio.to_thread(disk.fill)
    experiment.fire("disk full")
    await experiment.sleep()
    await asyncio.to_thread(disk.free)
    experiment.expect(experiment.exits() == 0, "a replica ended")


@BOOK.row(9, "no file descriptors left", expected="back-pressure, no crash loop: 0 restarts")
async def no_descriptors(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    for replica in experiment.replicas:
        soft, _ = resource.prlimit(replica.pid, resource.RLIMIT_NOFILE)
        replica.limit_files(len(os.listdir(f"/proc/{replica.pid}/fd")))  # noqa: PTH208  names only
        await experiment.sleep(0.3)
        # A probe needs a connection, and that a descriptor.
        experiment.fire("no descriptor", int(not await replica.alive()))
        replica.limit_files(soft)
    experiment.expect(experiment.exits() == 0, "a replica ended for want of descriptors")


@BOOK.row(10, "event loop blocked for longer than a lease", expected="others take over; it resumes, fenced; 1 account")
async def blocked(experiment: Experiment) -> None:
    victim = experiment.replicas[0]
    await victim.restart({"PROVISIONER_FAILPOINTS": f"student.claimed=block:{_LEASE + 4}@3"})
    await experiment.until("it is ready again", victim.ready)
    await experiment.produce(_fresh(experiment))

    async def blocks() -> bool:
        return '"failpoint"' in victim.log()

    await experiment.until("its event loop blocks", blocks)
    experiment.fire("blocked loop")
    experiment.expect(not await victim.alive(), "/livez answers although the event loop stands still")
    await asyncio.sleep(_LEASE + 4)
    await experiment.until("it answers again", victim.alive)
    victim.environ.pop("PROVISIONER_FAILPOINTS")
    experiment.expect(experiment.exits() == 0, "the replica ended")
