"""One process of the service in a simulation, and the supervisor that restarts it.

Its loops are those of `consumer.assembly`; what is overridden here only saves time, for it is the same in every run.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from consumer.assembly import Assembly
from consumer.codec.port import UnknownSchema, WriterSchema
from consumer.codec.schemas import OUTCOMES, STATUS_CHANGED, schema_text
from consumer.codec.wire import SchemaRef
from consumer.codec.writer import OutcomeWriter
from consumer.errors import Stop
from consumer.failpoints import Failpoints
from consumer.loops import run_all
from consumer.mail.rendering import Templates
from consumer.observe.metrics import Metrics
from consumer.snapshot import InForce, Snapshot
from consumer.tenants import Tenant
from proof.simulation.clients import SimulatedClients
from proof.simulation.database import Database
from proof.simulation.dry_running import in_dry_run
from proof.simulation.institutions import open_secret, settings
from proof.simulation.process import Process
from proof.simulation.sequels import INPUT_SCHEMA
from proof.simulation.series import Series
from proof.simulation.surroundings import Surroundings
from proof.simulation.threads import in_thread

FailpointsOf = Callable[[Process], Failpoints]


class SimulatedAssembly(Assembly):
    """The service's own, with templates that are read once."""

    def templates(self) -> Templates:
        return _templates()


@dataclass(frozen=True, slots=True)
class Make:
    """Of what a simulation is made; a seeded bug replaces a part."""

    assembly: type[SimulatedAssembly] = SimulatedAssembly
    clients: type[SimulatedClients] = SimulatedClients
    database: type[Database] = Database


class Replica:
    """`start` begins a new life of it; it ends by `kill`, `stop`, or by itself. It is not to be started before `down_until`."""

    def __init__(
        self,
        number: int,
        around: Surroundings,
        *,
        seed: int,
        make: Make,
        failpoints: FailpointsOf,
        tenants: Sequence[Tenant],
    ) -> None:
        self.process = Process(f"replica-{number}")
        self.process.alive = False
        self.registry = Series()
        self.stopped_itself: str | None = None
        self.lives = 0
        self.down_until = 0.0
        self._number = number
        self._around = around
        self._rng = random.Random(f"{seed}/replica {number}")  # noqa: S311  repeatable, guards nothing
        self._make = make
        self._tenants = tenants
        self._failpoints = failpoints
        self._main: asyncio.Task[None] | None = None
        self._in_force: InForce | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """A new process. Does nothing where the last one is alive."""
        if self.process.alive:
            return
        self.lives += 1
        self.process = Process(f"replica-{self._number}.{self.lives}")
        self._stopping = asyncio.Event()
        self.registry = Series()
        self._around.trace.add(self.process.name, "starts")
        self._main = self.process.start(self._live(self.process, self._stopping))

    def stop(self) -> None:
        """Asks it to end, as SIGTERM does."""
        self._around.trace.add(self.process.name, "is asked to stop")
        self._stopping.set()

    def configure(self, snapshot: Snapshot) -> None:
        """Other tenants count from now on; a new life begins with all of them."""
        self._around.trace.add(self.process.name, "has other tenants", sorted(snapshot.tenants))
        if self._in_force is not None:
            self._in_force.put(snapshot)

    def kill(self) -> None:
        if self.process.alive:
            self._around.trace.add(self.process.name, "is killed")
            self.process.kill()

    def defect(self) -> BaseException | None:
        """What ended its life, where that is no part of the service's contract."""
        main = self._main
        if main is None or not main.done() or main.cancelled() or not self.process.alive:
            return None
        return main.exception()

    async def _live(self, process: Process, stopping: asyncio.Event) -> None:
        clients = self._make.clients(self._around, process, self._rng)
        assembly = self._make.assembly(
            settings(),
            [
                in_dry_run(tenant) if tenant.id in self._around.in_dry_run else tenant
                for tenant in self._tenants
                if tenant.id not in self._around.unconfigured
            ],
            open_secret,
            metrics=Metrics(self.registry),
            beat=_beat,
            stopping=stopping.is_set,
            name=process.name,
            failpoints=self._failpoints(process),
        )
        self._in_force = assembly.in_force
        loops = assembly.loops(clients, KnownSchemas(), writer())
        try:
            await run_all(loops, stopping=stopping, in_thread=in_thread)
        except Stop as stop:
            self.stopped_itself = str(stop)
        process.alive = False
        self._around.trace.add(process.name, "has ended", self.stopped_itself or "")


class KnownSchemas:
    """Keeps `Schemas`: a registry that knows the input's schema."""

    def schema(self, ref: SchemaRef) -> WriterSchema:
        if ref != INPUT_SCHEMA:
            raise UnknownSchema(f"there is no schema {ref}")
        return _input_schema()


@cache
def writer() -> OutcomeWriter:
    """Of outcomes; it has no state."""
    topics = settings().kafka.topics
    return OutcomeWriter(topics, {name: number for number, name in enumerate(OUTCOMES, INPUT_SCHEMA + 1)})


@cache
def _templates() -> Templates:
    return Templates(settings().templates_dir)


@cache
def _input_schema() -> WriterSchema:
    return WriterSchema(schema_text(STATUS_CHANGED))


def _beat(_loop: str) -> None:
    """Not watched."""
