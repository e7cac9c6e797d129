"""What a row has in hand: an installation, its load, a clock for its faults, and a list for what was not as it should be."""

import asyncio
import copy
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from prometheus_client.parser import text_string_to_metric_families

from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.events import Student, student_key
from proof.chaos.installation import HEALTHY, Installation
from proof.collect.published import OutcomeReader
from proof.collect.topics import raw, read_topics
from proof.history import PublishedOutcome
from sandbox.simulators.audit import Entry
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import EventStream, Mix, SimulatedRecord
from sandbox.simulators.expectation import APPLIED_OR_SUPERSEDED, Fate
from sandbox.simulators.faults import FaultRule
from sandbox.simulators.people import People
from sandbox.simulators.world import REGISTRY
from testbed.installation import until
from testbed.replica import Replica

_PATIENCE = 120.0
_OCCURRED = datetime(2026, 9, 2, 8, tzinfo=UTC)


class Experiment:
    """One row on one installation. Seconds: `window` is how long faults of some length last, `late` how late a vendor may act.

    `students` is the row's load; `full`: in the long form.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        number: int,
        seed: int,
        window: float,
        late: float,
        full: bool,
        students: int,
        mix: Mix | None,
    ) -> None:
        self.installation = installation
        self.window = window
        self.late = late
        self.full = full
        self.students = students
        self.rng = random.Random(f"{seed}/{number}")  # noqa: S311  repeatable, guards nothing
        self.fired: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.records: list[SimulatedRecord] = []
        self.first_call = len(installation.simulators.audit.entries())
        self._number = number
        self._loaded = asyncio.Event()
        self._people = People(seed)
        self._stream = self._events(number, seed, students, mix)
        self._settled_before = self._exits_before = 0

    @property
    def replicas(self) -> Sequence[Replica]:
        """Of the installation."""
        return self.installation.replicas

    def fire(self, fault: str, count: int = 1) -> None:
        """Counts faults that did happen; 0 says that such a fault was ordered, and never came."""
        self.fired[fault] += count

    def expect(self, condition: bool, otherwise: str) -> None:  # noqa: FBT001  the sentence needs its condition first
        """Writes down what is not as the row expects it."""
        if not condition:
            self.wrong.append(otherwise)

    def calls(self, route: str = "", *, after: int | None = None) -> Sequence[Entry]:
        """What reached the vendors since the row began, of routes that begin so."""
        entries = self.installation.simulators.audit.entries(after=self.first_call if after is None else after)
        return [entry for entry in entries if entry.route.startswith(route)]

    def vendor_calls(self) -> Sequence[Entry]:
        """The same, but for the registry's: a replica that starts or meets an unknown schema asks it again."""
        return [call for call in self.calls() if call.service != REGISTRY]

    def faults(self, *rules: FaultRule) -> None:
        """The vendors are subject to these faults from now on, and otherwise on a good day."""
        self.installation.simulators.faults.set([*rules, *HEALTHY])

    def person(self, tenant_id: str, index: int) -> Student:
        """A student who is not in the load."""
        return self._people.student(tenant_id, self._number * 10_000 + 5_000 + index)

    def event(
        self, tenant_id: str, student: Student, version: int, *, status: str = "enrolled", event_id: str | None = None
    ) -> SimulatedRecord:
        """One event about a student, for `produce`."""
        ident = event_id or str(UUID(int=self.rng.getrandbits(128), version=4))
        event = {
            "event_id": ident,
            "occurred_at": _OCCURRED,
            "tenant_id": tenant_id,
            "version": version,
            "previous_status": None,
            "status": {"id": status, "name": status, "type": "Registered"},
            "student": student.model_dump(),
        }
        return SimulatedRecord(
            key=student_key(tenant_id, student.student_id),
            value=self.encoder.encode(event),
            expectation=APPLIED_OR_SUPERSEDED,
            tenant_id=tenant_id,
            student_id=student.student_id,
            student=student,
            event_id=ident,
            version=version,
        )

    async def metric(self, name: str, *, of: Replica | None = None) -> float:
        """A metric's sum over its labels and the living replicas, or the one given."""
        pages = await asyncio.gather(*(replica.metrics() for replica in ([of] if of else self.replicas)))
        families = (family for page in pages for family in text_string_to_metric_families(page))
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    def exits(self) -> int:
        """Ends of replicas that the row did not cause, since the row began."""
        return sum(len(replica.exits) for replica in self.replicas) - self._exits_before

    async def begin(self) -> None:
        """Waits until every replica is ready, and remembers what was there before the load."""
        await self.installation.all_ready()
        self._exits_before = sum(len(replica.exits) for replica in self.replicas)
        self._settled_before = await self.installation.watch.settled()

    @property
    def load_records(self) -> Sequence[SimulatedRecord]:
        """All of the load, produced already or not."""
        return self._stream

    def beside(self, window: float) -> "Experiment":
        """The same experiment for a fault among several: what its row expects for itself does not count."""
        other = copy.copy(self)
        other.window, other.fired, other.wrong = window, Counter(), []
        return other

    async def load(self) -> None:
        """Produces the row's events: a quarter at once, the others spread over the window. Returns when the cluster has them all."""
        try:
            await self._load(self._stream)
        finally:
            self._loaded.set()

    async def loaded(self) -> None:
        """Waits until all of the load is produced."""
        await self._loaded.wait()

    async def _load(self, records: Sequence[SimulatedRecord]) -> None:
        head = len(records) // 4
        await self.produce(records[:head])
        pause = self.window / max(1, len(records) - head)
        begun = time.monotonic()
        for number, record in enumerate(records[head:], start=1):
            await asyncio.sleep(max(0.0, begun + number * pause - time.monotonic()))
            await self.produce([record])

    async def produce(self, records: Sequence[SimulatedRecord], *, partition: int = -1) -> None:
        """Puts records onto the topic: see `Sis.put`."""
        self.records += records
        await self.installation.sis.put(records, partition=partition)

    async def settled(self, share: float) -> None:
        """Waits until so much of the load's acting events has come to its end."""
        acting = sum(bool({Fate.APPLIED, Fate.SUPERSEDED} & record.expectation.fates) for record in self._stream)
        wanted = self._settled_before + max(1, int(acting * share))
        watch = self.installation.watch

        async def reached() -> bool:
            return await watch.settled() >= wanted

        await self.until(f"{share:.0%} of the load is settled", reached)

    async def accepted(self, event: SimulatedRecord) -> bool:
        """Whether it is durable with us."""
        return await self._inbox(event, "true")

    async def applied(self, event: SimulatedRecord) -> bool:
        """Whether it has come to its end."""
        return await self._inbox(event, "disposition = 'applied'")

    async def until(self, condition: str, holds: Callable[[], Awaitable[bool]], *, seconds: float = _PATIENCE) -> None:
        """Waits for a condition; raises AssertionError where it does not come true."""
        await until(condition, holds, seconds=seconds)

    async def sleep(self, share: float = 1.0) -> None:
        """A part of the window."""
        await asyncio.sleep(self.window * share)

    async def quiet(self, *, seconds: float = _PATIENCE) -> bool:
        """Waits until nothing is owed any more, and says whether that came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            owed = await self.installation.watch.owed()
            if owed is not None and owed.nothing:
                return True
            await asyncio.sleep(0.25)
        self.wrong.append(f"after {seconds:.0f} s still owed: {await self.installation.watch.owed()}")
        self.wrong += await self.installation.watch.still_due()
        return False

    async def published(self, students: Collection[str]) -> Sequence[PublishedOutcome]:
        """The outcomes of these students that are on the topics now."""
        topics = self.installation.service.topics
        reader = OutcomeReader(topics)
        records = await read_topics(self.installation.brokers.straight, topics.outcomes)
        published = [reader.read(raw(record)) for record in records]
        return [one for one in published if one.outcome.student_id in students]

    async def _inbox(self, event: SimulatedRecord, condition: str) -> bool:
        query = f"SELECT 1 FROM inbox WHERE event_id = '{event.event_id}' AND {condition}"  # noqa: S608  our own id
        return await self.installation.watch.ask(query) is not None

    def _events(self, number: int, seed: int, students: int, mix: Mix | None) -> Sequence[SimulatedRecord]:
        topic = self.installation.service.topics.status_changed
        ident, _ = self.installation.world.schemas.find(f"{topic}-value", schema_text(STATUS_CHANGED))
        self.encoder = Encoder(schema(STATUS_CHANGED), ident)
        if mix is None:
            return ()
        return list(
            EventStream(
                seed=seed * 1_000 + number,
                tenants=self.installation.populated,
                students=students,
                encoder=self.encoder,
                mix=mix,
                first=number * 10_000,  # no student is in two rows of one installation
            )
        )
