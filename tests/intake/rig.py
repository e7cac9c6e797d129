"""An intake over fakes, for all of its tests."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from consumer.codec.dead_letters import REASON_HEADER, DeadLetterReason, Headers, Unreadable
from consumer.codec.reader import Peek
from consumer.configuration.loading import load_tenants
from consumer.errors import Unavailable
from consumer.events import Status, Student, StudentStatusChanged
from consumer.intake.batch import BatchReader
from consumer.intake.beside import Beside, in_turn
from consumer.intake.dead_letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.intake.port import Answered, Consumer
from consumer.ledger.port.inbox import Arrival, Disposition, Ownership, Place
from consumer.ledger.port.parking import UNCHANGED, ParkedPage
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from consumer.tenants import Tenant
from testbed.fakes.ledger import MemoryLedger
from tests.simulated_kafka import FakeConsumer, FakeProducer, FakeTopic

ROOT = Path(__file__).parents[2]
_WHOLE = 3


class WordReader:
    """Reads values such as `enrolled S1 3`: status, student, version; or `east:enrolled S1 3`, with a tenant's id.

    `garbage` can't be read; while `away`, no one can tell `newer`s.
    """

    away = False

    def peek(self, value: bytes | None, headers: Headers | None) -> Peek:
        del headers
        if self.away and value and value.endswith(b"newer"):
            raise Unavailable("The schema registry does not answer.")
        if value is None:
            raise Unreadable(DeadLetterReason.NULL_VALUE, "The record has no value.")
        if value == b"garbage":
            raise Unreadable(DeadLetterReason.UNDECODABLE, "The bytes do not match the schema.")
        tenant_id, _, status = value.decode().split()[0].rpartition(":")
        return tenant_id or "north-high", status

    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
        tenant_id, status = self.peek(value, headers)
        words = (value or b"").decode().split()
        if len(words) < _WHOLE:
            raise Unreadable(DeadLetterReason.INVALID_CONTENT, "Not allowed: the content of student.")
        _, student, version, *name = words
        return StudentStatusChanged(
            event_id=f"{student}/{version}",
            occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
            tenant_id=tenant_id,
            version=int(version),
            status=Status(id=status, name="", type=""),
            student=Student(student_id=student, given_name=" ".join(name)),
        )


class Ledger(MemoryLedger):
    """The fake, which can be away, and whose rows of some students can be locked."""

    away = False
    locked: Collection[str] = ()
    looks = 0
    """How often it was asked for parked records."""

    def accept(self, arrivals: Sequence[Arrival], **more: Any) -> Sequence[Disposition]:
        self._reach()
        locked = [arrival.event.student.student_id in self.locked for arrival in arrivals]
        free = [arrival for arrival, waits in zip(arrivals, locked, strict=True) if not waits]
        offsets = dict(more.pop("offsets", None) or {})
        parking = more.pop("parking", UNCHANGED)
        for arrival, waits in zip(arrivals, locked, strict=True):
            place = (arrival.topic, arrival.partition)
            if waits and place in offsets:
                offsets[place] = min(offsets[place], arrival.offset)
            if waits:
                parking = replace(parking, release={*parking.release} - {(*place, arrival.offset)})
        answers = iter(super().accept(free, offsets=offsets, parking=parking, **more))
        return [*(Disposition.LOCKED if waits else next(answers) for waits in locked), *answers]

    def parked(self, **more: Any) -> ParkedPage:
        self._reach()
        self.looks += 1
        return super().parked(**more)

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        self._reach()
        return super().own(topic, partitions, owner=owner)

    def store_offsets(self, offsets: Mapping[Place, int], **more: Any) -> None:
        self._reach()
        super().store_offsets(offsets, **more)

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        self._reach()
        return super().tenants_with_open_work(tenants)

    def waiting(self) -> Sequence[int]:
        """The offsets of parked records."""
        return [offset for _, _, offset in sorted(self._state.parked)]

    def epoch(self, partition: int = 0) -> int:
        """Of the newest owner."""
        return self._state.owners["events", partition]

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("PostgreSQL does not answer.")


@dataclass
class Rig:
    """An intake over fakes, with partition 0 assigned and a clock that the test moves."""

    topic: FakeTopic = field(default_factory=FakeTopic)
    producers: list[FakeProducer] = field(default_factory=list[FakeProducer])
    reader: WordReader = field(default_factory=WordReader)
    now: float = 100.0
    static: bool = False
    park_unknown: float = 0.0
    batch_size: int = 500
    beside: Beside = in_turn
    new_tenants: Sequence[str] = ()
    """Configured besides those of the project's own configuration."""

    def __post_init__(self) -> None:
        self.ledger = Ledger(lambda: datetime(2026, 9, 1, tzinfo=UTC) + timedelta(seconds=self.now))
        self.consumers: list[FakeConsumer] = []
        self.metrics = Metrics(CollectorRegistry())
        self.intake = self.new_intake()
        self.intake.start()
        self.consumer.rebalance("assign", 0)
        self.turn()

    @property
    def consumer(self) -> FakeConsumer:
        """The newest."""
        return self.consumers[-1]

    def new_intake(self) -> Intake:
        """As a process makes it, which knows the tenants that are configured now."""
        self.table = DecisionTable.of(self.tenants())
        return Intake(
            consumers=self._new_consumer,
            topic="events",
            batches=BatchReader(self.reader, lambda: self.table),
            inbox=self.ledger,
            dead_letters=DeadLetters(self._new_producer, "dead", timeout=1),
            tenants=frozenset(tenant.id for tenant in self.tenants()),
            owner="me",
            batch_size=self.batch_size,
            beside=self.beside,
            metrics=self.metrics,
            beat=lambda: None,
            static=self.static,
            park_unknown=self.park_unknown,
            clock=lambda: self.now,
            now=lambda: self.now,
        )

    def tenants(self) -> Sequence[Tenant]:
        """All that are configured."""
        known = [tenant for tenant, _ in load_tenants(ROOT / "config/tenants")]
        return [*known, *(known[0].model_copy(update={"id": ident}) for ident in self.new_tenants)]

    @property
    def producer(self) -> FakeProducer:
        """The dead letters', the newest."""
        return self.producers[-1]

    def knows_offsets(self, offsets: Mapping[int, int | None]) -> None:
        """What the ledger knows of other partitions than 0, which no one owns."""
        self.ledger.set_offsets({("events", partition): offset for partition, offset in offsets.items()})

    def behind(self) -> float | None:
        return self.metrics.registry.get_sample_value("provisioner_ledger_behind_total")

    def _new_consumer(self, answered: Answered) -> Consumer:
        self.consumers.append(FakeConsumer(self.topic))
        return self.consumer.for_group(answered)

    def _new_producer(self) -> FakeProducer:
        self.producers.append(FakeProducer())
        return self.producer

    def turn(self, times: int = 1, *, seconds: float = 20) -> None:
        for _ in range(times):
            self.intake.turn()
            self.now += seconds

    def restart(self) -> None:
        """Another process takes its place."""
        self.consumer.rebalance("revoke", 0)
        self.intake = self.new_intake()
        self.intake.start()
        self.consumer.rebalance("assign", 0)

    def paused(self, cause: str) -> float | None:
        return self.metrics.registry.get_sample_value("provisioner_intake_paused", {"cause": cause})

    def reasons(self) -> list[object]:
        return [sent.headers[REASON_HEADER] for sent in self.producer.sent]
