"""Batches: every record has one disposition, and one record's trouble is not another's."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from consumer.codec.dead_letters import DeadLetterReason, Headers, Unreadable
from consumer.codec.reader import Peek
from consumer.codec.wire import framed
from consumer.configuration.loading import load_tenants
from consumer.errors import Unavailable
from consumer.events import ProviderAction, StudentStatusChanged
from consumer.intake.batch import BatchReader, IntakeBatch
from consumer.intake.dead_letters import DeadLetters
from consumer.policy.decision import DecisionTable, SkipReason
from consumer.tenants import StatusRow
from proof.simulation.kafka.topic import Record
from testbed.spans import recorded, trace_of, traceparent_to
from tests.intake.rig import ROOT, WordReader
from tests.simulated_kafka import FakeProducer

KNOWN, UNKNOWN, AWAY = 1, 2, 3


class Registry(WordReader):
    """Reads words in the wire format, and notes which schemas it was asked for in vain."""

    def __init__(self) -> None:
        self.in_vain: list[int] = []

    def peek(self, value: bytes | None, headers: Headers | None) -> Peek:
        schema = (value or b"")[4]
        if schema != KNOWN:
            self.in_vain.append(schema)
        if schema == UNKNOWN:
            raise Unreadable(DeadLetterReason.UNKNOWN_SCHEMA, "The registry knows no Avro schema 2.")
        if schema == AWAY:
            raise Unavailable("The schema registry does not answer.")
        return super().peek((value or b"")[5:], headers)

    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
        return WordReader().read((value or b"")[5:], headers)


def batch_of(registry: Registry, *records: Record) -> IntakeBatch:
    tenants = [tenant for tenant, _ in load_tenants(Path(ROOT) / "config/tenants")]
    table = DecisionTable.of(tenants)
    return BatchReader(registry, lambda: table).batch(records, set())


def record(offset: int, schema: int, words: bytes, *, partition: int = 0, headers: Headers | None = None) -> Record:
    return Record(("events", partition, offset), framed(schema, words), headers)


class Unnameable(Record):
    """As confluent-kafka 2.16 has it where a header's name is not UTF-8; it must not be asked twice."""

    asked: ClassVar[list[Record]] = []

    def headers(self) -> Any:
        self.asked.append(self)
        raise SystemError("<method 'headers'> returned a result with an exception set")


def test_the_next_offset_of_each_partition_follows_its_last_record() -> None:
    batch = batch_of(
        Registry(),
        record(7, KNOWN, b"applied S1 1"),
        record(3, KNOWN, b"enrolled S2 1", partition=1),
        record(8, UNKNOWN, b"enrolled S3 1"),
    )
    assert batch.offsets == {("events", 0): 9, ("events", 1): 4}
    assert (batch.size, len(batch.arrivals), len(batch.dead_letters), batch.skips.total()) == (3, 1, 1, 1)


def test_the_registry_is_asked_once_a_batch_for_a_schema_that_it_does_not_know() -> None:
    registry = Registry()
    batch = batch_of(registry, *(record(offset, UNKNOWN, b"enrolled S1 1") for offset in range(3)))
    assert registry.in_vain == [UNKNOWN]
    assert [dead_letter.reason for dead_letter in batch.dead_letters] == [DeadLetterReason.UNKNOWN_SCHEMA] * 3


def test_a_registry_that_is_unavailable_is_asked_once_a_batch_for_a_schema() -> None:
    registry = Registry()
    batch = batch_of(registry, *(record(0, AWAY, b"enrolled S1 1", partition=n) for n in range(3)))
    assert registry.in_vain == [AWAY]
    assert len(batch.waiting) == 3


def test_what_follows_a_record_that_waits_waits_behind_it() -> None:
    batch = batch_of(
        Registry(),
        record(0, KNOWN, b"enrolled S1 1"),
        record(1, AWAY, b"enrolled S1 2"),
        record(2, KNOWN, b"enrolled S1 3"),
        record(0, KNOWN, b"enrolled S2 1", partition=1),
    )
    assert [one.offset() for one in batch.waiting] == [1, 2]
    assert batch.offsets == {("events", 0): 1, ("events", 1): 1}
    assert batch.size == 2


def test_what_came_from_a_partition_that_is_no_longer_ours_is_dropped() -> None:
    batch = batch_of(
        Registry(),
        record(0, KNOWN, b"enrolled S1 1"),
        record(1, UNKNOWN, b"enrolled S1 2"),
        record(0, KNOWN, b"enrolled S2 1", partition=1),
    )
    batch.drop({("events", 0)})
    assert [taken.arrival.partition for taken in batch.arrivals] == [1]
    assert batch.dead_letters == []
    assert batch.offsets == {("events", 1): 1}


def test_a_record_of_an_unknown_tenant_is_apart_from_what_is_read_and_what_is_not() -> None:
    batch = batch_of(
        Registry(),
        record(0, KNOWN, b"enrolled S1 1"),
        record(1, KNOWN, b"east:enrolled S2 1", headers=[("source", b"sis")]),
        record(0, KNOWN, b"east:enrolled S3 1", partition=1),
    )
    batch.drop({("events", 1)})
    (unknown,) = batch.unknown
    assert (unknown.origin, unknown.tenant_id) == (("events", 0, 1), "east")
    assert (unknown.value(), unknown.headers()) == (framed(KNOWN, b"east:enrolled S2 1"), (("source", b"sis"),))
    assert (len(batch.arrivals), batch.dead_letters) == (1, [])


def test_a_trace_context_is_handed_on_and_anything_else_in_its_header_is_not() -> None:
    good = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    batch = batch_of(
        Registry(),
        record(0, KNOWN, b"enrolled S1 1", headers=[("traceparent", good)]),
        record(1, KNOWN, b"enrolled S2 1", headers=[("traceparent", b"maria@example.org")]),
    )
    assert [taken.arrival.traceparent for taken in batch.arrivals] == [good.decode(), None]


def test_an_event_that_is_traced_is_handed_on_with_the_span_in_which_it_is_taken_in() -> None:
    good = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with recorded() as spans:
        (taken,) = batch_of(Registry(), record(0, KNOWN, b"enrolled S1 1", headers=[("traceparent", good)])).arrivals
        assert taken.span is not None
        taken.span.end()
    span = spans.one("process events")
    assert (taken.arrival.traceparent or "").startswith(traceparent_to(span))
    assert trace_of(span) == "0af7651916cd43dd8448eb211c80319c"
    assert (span.attributes or {})["messaging.kafka.offset"] == 0


def test_a_record_whose_headers_cannot_be_read_is_a_dead_letter_and_its_headers_are_asked_for_once() -> None:
    unnameable = Unnameable(("events", 0, 1), framed(KNOWN, b"enrolled S1 2"))
    batch = batch_of(Registry(), record(0, KNOWN, b"enrolled S1 1"), unnameable, record(2, KNOWN, b"enrolled S1 3"))
    producer = FakeProducer()
    DeadLetters(lambda: producer, "dead").send(batch.dead_letters)
    assert [dead_letter.reason for dead_letter in batch.dead_letters] == [DeadLetterReason.UNDECODABLE]
    assert [sent.value for sent in producer.sent] == [framed(KNOWN, b"enrolled S1 2")]
    assert (len(batch.arrivals), batch.offsets) == (2, {("events", 0): 3})
    assert Unnameable.asked == [unnameable]


def test_a_batch_is_decided_by_one_table_and_the_next_by_the_one_that_counts_then() -> None:
    (one,) = (tenant for tenant, _ in load_tenants(Path(ROOT) / "config/tenants"))
    tables = [DecisionTable.of([one]), DecisionTable.of([])]
    records = [record(offset, KNOWN, b"enrolled S1 1") for offset in range(2)]

    class Swapping(Registry):
        def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
            tables.reverse()
            return super().read(value, headers)

    reader = BatchReader(Swapping(), lambda: tables[0])
    assert len(reader.batch(records[:1], set()).arrivals) == 1
    assert reader.follow() == frozenset()
    later = reader.batch(records, set())
    assert [unknown.tenant_id for unknown in later.unknown] == [one.id] * 2


class Graded(Registry):
    """The word after the version is the student's grade. Notes whose events it reads in full."""

    def __init__(self) -> None:
        super().__init__()
        self.read_in_full: list[str] = []

    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
        event = super().read(value, headers)
        self.read_in_full.append(event.student.student_id)
        student = event.student.model_copy(update={"attributes": {"grade": event.student.given_name}})
        return event.model_copy(update={"student": student})


@pytest.fixture
def reader() -> Graded:
    return Graded()


@pytest.fixture
def graded(reader: Graded) -> BatchReader:
    """Of a tenant that has accounts for its seventh grade, none for its eighth, and says nothing of others."""
    (one,) = (tenant for tenant, _ in load_tenants(ROOT / "config/tenants"))
    row = StatusRow(id="promoted", name="Promoted", type="Registered", when={"grade": ("8",)})
    seventh = {"when": {"grade": ("7",)}, "provider_action": ProviderAction.CREATE_ACCOUNT}
    statuses = (*one.statuses, row.model_copy(update=seventh), row)
    table = DecisionTable.of([one.model_copy(update={"statuses": statuses})])
    return BatchReader(reader, lambda: table)


def test_where_a_status_has_conditions_the_student_s_attributes_decide(graded: BatchReader) -> None:
    words = (b"promoted S1 1 9", b"promoted S2 1 8", b"promoted S3 1 7")
    batch = graded.batch([record(offset, KNOWN, of_one) for offset, of_one in enumerate(words)], set())
    assert [taken.arrival.event.student.student_id for taken in batch.arrivals] == ["S3"]
    assert batch.skips == {("north-high", SkipReason.NO_ACTION): 1}
    assert [(dead_letter.place[2], dead_letter.reason) for dead_letter in batch.dead_letters] == [
        (0, DeadLetterReason.UNLISTED_STATUS)
    ]
    assert batch.offsets == {("events", 0): 3}


def test_attributes_that_lead_to_no_action_may_cancel_open_work(graded: BatchReader) -> None:
    (taken,) = graded.batch([record(0, KNOWN, b"promoted S2 1 8")], {"north-high"}).arrivals
    assert taken.skip is SkipReason.NO_ACTION


def test_a_person_that_cannot_be_read_is_a_dead_letter_where_attributes_decide(graded: BatchReader) -> None:
    for open_work in (set[str](), {"north-high"}):
        (dead_letter,) = graded.batch([record(0, KNOWN, b"promoted S2")], open_work).dead_letters
        assert dead_letter.reason is DeadLetterReason.INVALID_CONTENT


def test_only_what_may_act_or_has_conditions_is_read_in_full(reader: Graded, graded: BatchReader) -> None:
    words = (b"applied S1 1 7", b"withdrawn S1 2 7", b"promoted S3 1 8", b"enrolled S2 1 7")
    graded.batch([record(offset, KNOWN, of_one) for offset, of_one in enumerate(words)], set())
    assert reader.read_in_full == ["S3", "S2"]
