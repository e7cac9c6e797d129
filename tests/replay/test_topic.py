"""Events that a real topic retains, read without a trace."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer

from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.reader import EventReader
from consumer.events import StudentStatusChanged
from consumer.kafka import consumer_config
from consumer.replay.source import Rejected, Step
from consumer.replay.topic import RetainedEvents
from consumer.settings import KafkaSettings
from tests.codec.conftest import FakeSchemas, event, written

pytestmark = pytest.mark.parts

Put = Callable[..., None]


@pytest.fixture
def topic(create_topic: Callable[..., str]) -> str:
    return create_topic("events", 2)


@pytest.fixture
def put(kafka: str, topic: str) -> Put:
    producer = Producer({"bootstrap.servers": kafka})

    def put(*values: bytes | None, partition: int = 0, headers: Any = None) -> None:
        for value in values:
            producer.produce(topic, value, b"key", partition, headers=headers)
        assert producer.flush(30) == 0

    return put


@pytest.fixture
def retained(kafka: str, topic: str, unique_name: str) -> Callable[[], RetainedEvents]:
    settings = KafkaSettings(bootstrap_servers=kafka, group_id=unique_name)
    return lambda: RetainedEvents(consumer_config(settings), topic, EventReader(FakeSchemas()), "north-high")


def student(number: int, **about: Any) -> bytes:
    return written(event(event_id=f"e{number}", student={"student_id": f"S{number}"}, **about))


def read(source: RetainedEvents) -> Sequence[Step]:
    return list(source)


def test_all_partitions_are_read_to_their_ends(retained: Callable[[], RetainedEvents], put: Put) -> None:
    put(*map(student, range(1_500)))
    put(*map(student, range(1_500, 1_600)), partition=1)
    steps = read(retained())
    found = {step.record.student.student_id for step in steps if isinstance(step.record, StudentStatusChanged)}
    assert found == {f"S{n}" for n in range(1_600)}
    assert (steps[-1].done, retained().total) == (1_600, 1_600)


def test_what_comes_while_it_is_read_is_left_out(retained: Callable[[], RetainedEvents], put: Put) -> None:
    put(student(1))
    source = retained()
    put(student(2))
    assert len(read(source)) == 1


def test_an_empty_topic_has_no_events(retained: Callable[[], RetainedEvents]) -> None:
    assert read(retained()) == []


def test_a_record_that_cannot_be_read_is_named_by_its_offset(retained: Callable[[], RetainedEvents], put: Put) -> None:
    put(student(1), b"\x01", None)
    records = [step.record for step in read(retained()) if isinstance(step.record, Rejected)]
    assert [(one.place, one.reason) for one in records] == [
        ("partition 0 offset 1", DeadLetterReason.WRONG_MAGIC),
        ("partition 0 offset 2", DeadLetterReason.NULL_VALUE),
    ]


def test_another_tenants_event_says_nothing(retained: Callable[[], RetainedEvents], put: Put) -> None:
    put(student(1, tenant_id="south-high"))
    assert [step.record for step in read(retained())] == [None]


def test_a_topic_that_is_not_there_is_said(kafka: str, unique_name: str) -> None:
    settings = KafkaSettings(bootstrap_servers=kafka, group_id=unique_name)
    with pytest.raises(KafkaException):
        RetainedEvents(consumer_config(settings), unique_name, EventReader(FakeSchemas()), "north-high")
