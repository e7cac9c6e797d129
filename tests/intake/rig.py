"""An intake over fakes, for all of its tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from consumer.codec.letters import REASON_HEADER, Headers, LetterReason, Unreadable
from consumer.codec.reader import Peek
from consumer.configuration.loading import load_tenants
from consumer.errors import Unavailable
from consumer.events import Status, Student, StudentStatusChanged
from consumer.intake.batch import BatchReader
from consumer.intake.letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.ledger.port import Arrival, Disposition
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from tests.fakes.kafka import FakeConsumer, FakeProducer, FakeTopic
from tests.fakes.ledger import MemoryLedger

ROOT = Path(__file__).parents[2]


class WordReader:
    """Reads values such as `enrolled S1 3`: status, student, version. `garbage` can't be read; while `away`, nobody can tell `newer`s."""

    away = False

    def peek(self, value: bytes | None, headers: Headers | None) -> Peek:
        del headers
        if self.away and value and value.endswith(b"newer"):
            raise Unavailable("The schema registry does not answer.")
        if value is None:
            raise Unreadable(LetterReason.NULL_VALUE, "The record has no value.")
        if value == b"garbage":
            raise Unreadable(LetterReason.UNDECODABLE, "The bytes are not what the schema says.")
        return Peek("north-high", value.decode().split()[0])

    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
        tenant_id, status = self.peek(value, headers)
        _, student, version, *name = (value or b"").decode().split()
        return StudentStatusChanged(
            event_id=f"{student}/{version}",
            occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
            tenant_id=tenant_id,
            version=int(version),
            status=Status(id=status, name="", type=""),
            student=Student(student_id=student, given_name=" ".join(name)),
        )


class Ledger(MemoryLedger):
    """The fake, which can be away."""

    away = False

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[tuple[str, int], int]) -> Sequence[Disposition]:
        if self.away:
            raise Unavailable("PostgreSQL does not answer.")
        return super().accept(arrivals, epochs=epochs)


@dataclass
class Rig:
    """An intake over fakes, with partition 0 assigned and a clock that the test moves."""

    topic: FakeTopic = field(default_factory=FakeTopic)
    producers: list[FakeProducer] = field(default_factory=list[FakeProducer])
    reader: WordReader = field(default_factory=WordReader)
    ledger: Ledger = field(default_factory=Ledger)
    now: float = 100.0

    def __post_init__(self) -> None:
        tenants = [tenant for tenant, _ in load_tenants(ROOT / "config/tenants")]
        self.consumer = FakeConsumer(self.topic)
        self.metrics = Metrics(CollectorRegistry())
        self.intake = Intake(
            consumers=self.consumer.for_group,
            topic="events",
            batches=BatchReader(self.reader, DecisionTable.of(tenants)),
            inbox=self.ledger,
            letters=DeadLetters(self._new_producer, "dead", timeout=1),
            tenants=frozenset(tenant.id for tenant in tenants),
            owner="me",
            batch_size=500,
            metrics=self.metrics,
            beat=lambda: None,
            clock=lambda: self.now,
        )
        self.intake.start()
        self.consumer.rebalance("assign", 0)
        self.turn()

    @property
    def producer(self) -> FakeProducer:
        """The dead letters', the newest."""
        return self.producers[-1]

    def _new_producer(self) -> FakeProducer:
        self.producers.append(FakeProducer())
        return self.producer

    def turn(self, times: int = 1, *, seconds: float = 20) -> None:
        for _ in range(times):
            self.intake.turn()
            self.now += seconds

    def paused(self, cause: str) -> float | None:
        return self.metrics.registry.get_sample_value("provisioner_intake_paused", {"cause": cause})

    def reasons(self) -> list[object]:
        return [sent.headers[REASON_HEADER] for sent in self.producer.sent]
