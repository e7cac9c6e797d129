"""Runs a scenario to its end: processes, faults, manual changes, in simulated time."""

import asyncio
import gc
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from consumer.failpoints import Point
from proof.history import History
from proof.simulation import clock, evidence, logs
from proof.simulation.clock import Clock
from proof.simulation.fault_injector import FaultInjector
from proof.simulation.faults import DryRunOver, TenantConfigured
from proof.simulation.hands import settle_in
from proof.simulation.institutions import settings
from proof.simulation.process import Process
from proof.simulation.replica import Make, Replica
from proof.simulation.scenario import Scenario
from proof.simulation.surroundings import lay_out
from proof.simulation.threads import sleep
from sandbox.simulators.events import SimulatedRecord

START = 1_788_242_400.0
"""When every simulation begins, in Unix seconds: 2026-09-01, 06:00 UTC."""

MADE = Make()
"""As the service is made."""

_LOOKS_EVERY = 10.0
_HEADERS = (("source", b"sis"),)
_LONGEST = 4 * 3_600.0
_BACK_AFTER = 5.0


@dataclass(frozen=True, slots=True)
class Played:
    """A run. `reached` are the failpoints that each process came by, by its name; `trace` is a line for each thing that happened."""

    history: History
    reached: Mapping[str, frozenset[Point]]
    trace: Sequence[str]


def play(scenario: Scenario, *, make: Make = MADE, traced: bool = False) -> Played:
    """The run. Raises whatever ends a process that is no part of the service's contract."""
    _keep_what_is_there()
    with logs.captured() as lines:

        async def main(time: Clock) -> Played:
            return await _Stage(time, scenario, make, lines, traced=traced).play()

        return clock.run(main, start=START)


@cache
def _keep_what_is_there() -> None:
    """Lets the garbage collector not look again and again at the modules, which stay: each time that takes longer than a run."""
    gc.freeze()


class _Stage:
    def __init__(self, time: Clock, scenario: Scenario, make: Make, lines: list[str], *, traced: bool) -> None:
        self._clock = time
        self._scenario = scenario
        self._lines = lines
        self._traced = traced
        late = (fault.tenant_id for fault in scenario.faults if isinstance(fault, TenantConfigured))
        planned = (fault.tenant_id for fault in scenario.faults if isinstance(fault, DryRunOver))
        self._around = lay_out(
            time, scenario.seed, scenario.quirks, database=make.database, unconfigured=late, in_dry_run=planned
        )
        self._crashes = list(scenario.crashes)
        self._stalls = dict(scenario.stalls)
        self._reached: defaultdict[str, set[Point]] = defaultdict(set)
        self._replicas = [
            Replica(
                number,
                self._around,
                seed=scenario.seed,
                make=make,
                failpoints=self._failpoints,
                tenants=scenario.tenants,
            )
            for number in range(scenario.replicas)
        ]
        self._fault_injector = FaultInjector(self._around, self._replicas)
        self._healed_at = scenario.healed_at
        self._all_sent_at = max((sent.at for sent in scenario.sent), default=0.0)

    async def play(self) -> Played:
        settle_in(self._scenario.residents, self._around.vendors)
        loop = asyncio.get_running_loop()
        for sent in self._scenario.sent:
            loop.call_at(sent.at, self._send, sent.record)
        for fault in self._scenario.faults:
            loop.call_at(fault.at, self._fault_injector.do, fault)
        for replica in self._replicas:
            replica.start()
        quiet_at = await self._until_quiet()
        played = Played(
            evidence.history(
                self._scenario,
                self._around,
                self._replicas,
                faults=self._fault_injector.done,
                deaths=self._fault_injector.deaths,
                replaced=self._fault_injector.replaced,
                changed=self._fault_injector.changed,
                quiet_at=quiet_at,
                logs="\n".join(self._lines),
            ),
            {name: frozenset(points) for name, points in self._reached.items()},
            list(self._around.trace.lines()) if self._traced else (),
        )
        for replica in self._replicas:
            replica.kill()
        return played

    async def _until_quiet(self) -> float | None:
        """When nothing was owed any more, in Unix seconds; None where that takes too long. Restarts processes that are down."""
        while self._clock.time() < self._healed_at + _LONGEST:
            await asyncio.sleep(_LOOKS_EVERY)
            self._supervise()
            if self._quiet():
                return self._clock.unix()
        return None

    def _supervise(self) -> None:
        for replica in self._replicas:
            if error := replica.defect():
                raise error
            if replica.stopped_itself is not None:
                raise RuntimeError(f"{replica.process.name} has stopped itself: {replica.stopped_itself}")
            if self._clock.time() >= replica.down_until:
                replica.start()

    def _quiet(self) -> bool:
        around, topics = self._around, settings().kafka.topics
        if self._clock.time() < max(self._healed_at, self._all_sent_at) or not all(
            replica.process.alive for replica in self._replicas
        ):
            return False
        committed = around.kafka.committed(settings().kafka.group_id, topics.status_changed)
        read = all(
            record.offset() < committed.get(record.partition(), 0)
            for record in around.kafka.records(topics.status_changed)
        )
        return read and around.database.at_rest(since=self._healed_at)

    def _send(self, record: SimulatedRecord) -> None:
        self._around.trace.add("sis", "sends", (record.tenant_id, record.student_id, record.version))
        topic = settings().kafka.topics.status_changed
        self._around.kafka.produce(topic, record.key, record.value, _HEADERS)

    def _failpoints(self, process: Process) -> "_Failpoints":
        return _Failpoints(self, process)

    def reach(self, process: Process, point: Point) -> bool:
        """Whether the process goes no further now: it dies there, or stands still."""
        self._reached[process.name].add(point)
        if self._crashes and self._crashes[0] is point:
            del self._crashes[0]
            self._fault_injector.crash(process, point)
            return True
        if seconds := self._stalls.pop(point, 0.0):
            self._fault_injector.stall(process, point, seconds)
            return True
        return False


class _Failpoints:
    """Keeps `Failpoints` for one process."""

    def __init__(self, stage: _Stage, process: Process) -> None:
        self._stage = stage
        self._process = process

    def reach(self, point: Point, *, lost: Exception) -> None:
        del lost
        if self._stage.reach(self._process, point):
            sleep(0)

    async def reach_async(self, point: Point, *, lost: Exception) -> None:
        del lost
        if self._stage.reach(self._process, point):
            await asyncio.sleep(0)
