"""The intake: nothing is committed before it is safe, nothing is lost by waiting, nothing is written for others' partitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from prometheus_client import CollectorRegistry

from consumer.codec.letters import REASON_HEADER, Headers, LetterReason, Unreadable
from consumer.codec.reader import Peek
from consumer.configuration.loading import load_tenants
from consumer.errors import Stop, Unavailable
from consumer.events import Status, Student, StudentStatusChanged
from consumer.intake.batch import BatchReader
from consumer.intake.letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.ledger.port import Arrival, Disposition
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from tests.fakes.kafka import FakeConsumer, FakeProducer, FakeRecord, Sent
from tests.fakes.ledger import MemoryLedger

ROOT = Path(__file__).parents[2]


class WordReader:
    """Reads values such as `enrolled S1 3`: status, student, version. `garbage` can't be read; while `away`, nobody can tell."""

    away = False

    def peek(self, value: bytes | None, headers: Headers | None) -> Peek:
        del headers
        if self.away:
            raise Unavailable("The schema registry does not answer.")
        if value is None or value == b"garbage":
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

    consumer: FakeConsumer = field(default_factory=FakeConsumer)
    producer: FakeProducer = field(default_factory=FakeProducer)
    reader: WordReader = field(default_factory=WordReader)
    ledger: Ledger = field(default_factory=Ledger)
    now: float = 100.0

    def __post_init__(self) -> None:
        tenants = [tenant for tenant, _ in load_tenants(ROOT / "config/tenants")]
        self.metrics = Metrics(CollectorRegistry())
        self.intake = Intake(
            consumer=self.consumer,
            topic="events",
            batches=BatchReader(self.reader, DecisionTable.of(tenants)),
            inbox=self.ledger,
            letters=DeadLetters(self.producer, "dead", timeout=1),
            tenants=frozenset(tenant.id for tenant in tenants),
            owner="me",
            batch_size=500,
            metrics=self.metrics,
            beat=lambda: None,
            clock=lambda: self.now,
        )
        self.intake.stop()
        self.intake.run()
        self.consumer.closed = False
        self.consumer.rebalance("assign", 0)

    def turn(self, times: int = 1, *, seconds: float = 20) -> None:
        for _ in range(times):
            self.intake.turn()
            self.now += seconds

    def reasons(self) -> list[object]:
        return [sent.headers[REASON_HEADER] for sent in self.producer.sent]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_an_event_that_acts_is_accepted_and_then_its_offset_committed(rig: Rig) -> None:
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn()
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    assert rig.consumer.commits == {0: 1}


def test_events_that_do_nothing_never_reach_the_database(rig: Rig) -> None:
    rig.ledger.away = True
    rig.consumer.feed(b"applied S1 1", b"withdrawn S2 1")
    rig.turn()
    assert rig.consumer.commits == {0: 2}
    assert (
        rig.metrics.registry.get_sample_value(
            "provisioner_skips_total", {"tenant": "north-high", "reason": "no_action"}
        )
        == 2
    )


def test_what_cant_be_read_goes_to_the_dead_letters_with_its_place_and_reason(rig: Rig) -> None:
    rig.consumer.feed(b"garbage")
    rig.turn()
    (letter,) = rig.producer.sent
    assert (letter.value, letter.key) == (b"garbage", b"north-high/S1")
    assert letter.headers[REASON_HEADER] == b"undecodable"
    assert letter.headers["__connect.errors.topic"] == b"events"
    assert letter.headers["__connect.errors.offset"] == b"0"
    assert rig.consumer.commits == {0: 1}


def test_a_status_that_nobody_listed_is_a_dead_letter(rig: Rig) -> None:
    rig.consumer.feed(b"graduated S1 1")
    rig.turn()
    assert rig.reasons() == [b"unlisted_status"]


def test_an_event_id_that_was_used_for_something_else_is_a_dead_letter(rig: Rig) -> None:
    rig.consumer.feed(b"enrolled S1 1 Maria", b"enrolled S1 1 Eleni")
    rig.turn()
    assert rig.reasons() == [b"reused_id"]
    assert rig.consumer.commits == {0: 2}


def test_while_the_database_is_away_partitions_are_paused_and_nothing_is_committed(rig: Rig) -> None:
    rig.ledger.away = True
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn(3)
    assert rig.consumer.paused == {0}
    assert rig.consumer.commits == {}
    assert rig.ledger.dispositions() == {}


def test_when_the_database_is_back_the_batch_in_hand_is_accepted_and_reading_goes_on(rig: Rig) -> None:
    rig.ledger.away = True
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn(2)
    rig.consumer.feed(b"enrolled S2 1")
    rig.ledger.away = False
    rig.turn(4)
    assert set(rig.ledger.dispositions()) == {"S1/1", "S2/1"}
    assert rig.consumer.paused == set()


def test_reading_does_not_resume_at_the_first_success(rig: Rig) -> None:
    rig.ledger.away = True
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn(2)
    rig.ledger.away = False
    rig.turn()
    assert rig.consumer.paused == {0}


def test_a_schema_that_nobody_can_look_up_now_is_waited_for(rig: Rig) -> None:
    rig.reader.away = True
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn(2)
    assert rig.producer.sent == []
    rig.reader.away = False
    rig.turn(3)
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}


def test_a_dead_letter_that_was_not_acknowledged_keeps_its_offset_back(rig: Rig) -> None:
    rig.producer.deaf = True
    rig.consumer.feed(b"enrolled S1 1", b"garbage")
    rig.turn(2)
    assert rig.consumer.commits == {}
    rig.producer.deaf = False
    rig.turn(3)
    assert rig.consumer.commits == {0: 2}
    assert rig.ledger.dispositions() == {"S1/1": Disposition.PENDING}


def test_a_dead_letter_too_large_for_the_cluster_is_sent_without_its_value(rig: Rig) -> None:
    def too_large(sent: Sent) -> KafkaError | None:
        return KafkaError(KafkaError.MSG_SIZE_TOO_LARGE) if sent.value else None

    rig.producer.trouble = too_large
    rig.consumer.feed(b"garbage")
    rig.turn()
    (letter,) = rig.producer.sent
    assert letter.value is None
    assert str(letter.headers["provisioner-value-omitted"]).startswith("b'7 bytes, sha-256 ")
    assert rig.consumer.commits == {0: 1}


def test_a_revoked_partitions_records_are_left_to_its_next_owner(rig: Rig) -> None:
    rig.ledger.away = True
    rig.consumer.rebalance("assign", 1)
    rig.consumer.feed(b"enrolled S1 1", partition=0)
    rig.consumer.feed(b"enrolled S2 1", partition=1)
    rig.turn()
    rig.consumer.rebalance("revoke", 1)
    rig.ledger.away = False
    rig.turn(3)
    assert set(rig.ledger.dispositions()) == {"S1/1"}


def test_a_partition_that_somebody_else_took_over_is_not_written_for(rig: Rig) -> None:
    rig.turn()
    rig.ledger.own("events", [0], owner="somebody else")
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn()
    assert rig.ledger.dispositions() == {}
    assert rig.consumer.commits == {}


def test_a_failed_commit_is_made_up_for(rig: Rig) -> None:
    rig.consumer.commit_fails = True
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.commit_fails = False
    rig.turn()
    assert rig.consumer.commits == {0: 1}


def test_a_redelivered_event_is_a_duplicate(rig: Rig) -> None:
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn()
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn()
    duplicates = rig.metrics.registry.get_sample_value(
        "provisioner_events_total", {"tenant": "north-high", "disposition": "duplicate"}
    )
    assert duplicates == 1


@pytest.mark.parametrize("code", [KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE])
def test_an_offset_that_is_gone_stops_the_service_and_skips_nothing(rig: Rig, code: int) -> None:
    rig.consumer.records.append(FakeRecord(("events", 0, 0), trouble=KafkaError(code)))
    with pytest.raises(Stop, match="set the group's offsets by hand"):
        rig.turn()


def test_other_trouble_of_the_consumer_is_lived_with(rig: Rig) -> None:
    rig.consumer.records.append(FakeRecord(("events", 0, 0), trouble=KafkaError(KafkaError._TRANSPORT)))
    rig.consumer.feed(b"enrolled S1 1")
    rig.turn()
    assert len(rig.ledger.dispositions()) == 1


def test_a_group_that_never_committed_begins_at_the_beginning_and_one_that_did_goes_on() -> None:
    rig = Rig()
    rig.consumer.commits = {1: 7}
    rig.consumer.rebalance("assign", 1)
    assert rig.consumer.starts == {0: 0, 1: 7}
