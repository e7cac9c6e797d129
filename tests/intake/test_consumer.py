"""What the intake believes of a consumer, held to the fake, to the simulated cluster, and to Apache Kafka with librdkafka, in both of
its group protocols."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import pytest
from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, Producer, TopicPartition
from confluent_kafka import Consumer as KafkaConsumer
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.intake.port import Consumer
from consumer.kafka import consumer_config
from consumer.settings import KafkaSettings
from proof.simulation.clock import Runner
from proof.simulation.process import Process
from tests.proof.simulation.driven import Driver
from tests.simulated_kafka import FakeConsumer, FakeTopic

DEADLINE = 30.0


class Answers:
    """Keeps the results of asynchronous commits that a consumer is given."""

    def __init__(self) -> None:
        self.all: list[tuple[KafkaError | None, list[TopicPartition]]] = []

    def __call__(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        self.all.append((error, partitions))


class Member(Protocol):
    """A consumer that is to become its group's only member, and what happens to its topic."""

    consumer: Consumer
    topic: str
    answers: Answers

    def join(self) -> None: ...
    def feed(self, *values: bytes) -> None: ...
    def forget_before(self, offset: int) -> None: ...


class Faked:
    """In memory."""

    topic = "events"

    def __init__(self) -> None:
        self._topic = FakeTopic(self.topic)
        self.fake = FakeConsumer(self._topic)
        self.answers = Answers()
        self.consumer = self.fake.for_group(self.answers)

    def join(self) -> None:
        self.fake.rebalance("assign", 0)

    def feed(self, *values: bytes) -> None:
        self._topic.feed(*values)

    def forget_before(self, offset: int) -> None:
        self._topic.oldest[0] = offset


class Simulated:
    """In memory too, with all that takes time taking simulated time."""

    topic = "events"

    def __init__(self, runner: Runner) -> None:
        driver = Driver(runner)
        self._cluster = driver.cluster
        self._cluster.create_topic(self.topic, 1)
        self.answers = Answers()
        client = self._cluster.consumer(Process("one"), group="group", answered=self.answers)
        self.consumer: Consumer = driver.client(client)

    def join(self) -> None:
        """The cluster's own time: `read` waits for it."""

    def feed(self, *values: bytes) -> None:
        for value in values:
            self._cluster.produce(self.topic, None, value)

    def forget_before(self, offset: int) -> None:
        self._cluster.forget_before(self.topic, 0, offset)


class Real:
    """Apache Kafka."""

    def __init__(self, kafka: str, topic: str, group: str, protocol: Literal["classic", "consumer"]) -> None:
        self.topic = topic
        settings = KafkaSettings(bootstrap_servers=kafka, group_id=group, group_protocol=protocol)
        self.answers = Answers()
        # Its stub has no `on_lost`.
        library: Any = KafkaConsumer({**consumer_config(settings), "on_commit": self.answers})
        self.consumer: Consumer = library
        self._producer = Producer({"bootstrap.servers": kafka})
        self._admin: Any = AdminClient({"bootstrap.servers": kafka})  # its futures are untyped

    def join(self) -> None:
        """The broker's own time: `read` waits for it."""

    def feed(self, *values: bytes) -> None:
        for value in values:
            self._producer.produce(self.topic, value, partition=0)
        assert self._producer.flush(DEADLINE) == 0

    def forget_before(self, offset: int) -> None:
        (done,) = self._admin.delete_records([TopicPartition(self.topic, 0, offset)]).values()
        done.result(DEADLINE)


@pytest.fixture(
    params=[
        "fake",
        "simulated",
        pytest.param("classic", marks=pytest.mark.parts),
        pytest.param("consumer", marks=pytest.mark.parts),
    ]
)
def member(request: pytest.FixtureRequest) -> Iterator[Member]:
    if request.param == "fake":
        yield Faked()
        return
    if request.param == "simulated":
        with Runner(start=0) as runner:
            yield Simulated(runner)
        return
    create_topic: Callable[[str], str] = request.getfixturevalue("create_topic")
    kafka, name = request.getfixturevalue("kafka"), request.getfixturevalue("unique_name")
    real = Real(kafka, create_topic("events"), name, request.param)
    yield real
    real.consumer.close()


def place(of: Member, offset: int = OFFSET_INVALID) -> TopicPartition:
    return TopicPartition(of.topic, 0, offset)


def begin(of: Member) -> None:
    """Joins and leaves the start to the group's offset, as the intake does."""

    def assigned(consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_assign([TopicPartition(at.topic, at.partition) for at in partitions])

    def revoked(consumer: Consumer, partitions: list[TopicPartition]) -> None:
        consumer.incremental_unassign(partitions)

    of.consumer.subscribe([of.topic], on_assign=assigned, on_revoke=revoked, on_lost=revoked)
    of.join()


def read(of: Member, count: int) -> list[bytes | int]:
    """So many values, or errors' codes, as they come."""
    seen: list[bytes | int] = []
    deadline = time.monotonic() + DEADLINE
    while len(seen) < count and time.monotonic() < deadline:
        for record in of.consumer.consume(100, timeout=0.1):
            error = record.error()
            seen.append(error.code() if error else record.value() or b"")
    return seen


NO_OFFSET = KafkaError._AUTO_OFFSET_RESET


def test_a_group_that_never_committed_is_recognised_and_begins_where_it_is_then_assigned(member: Member) -> None:
    member.feed(b"1", b"2")
    begin(member)
    assert read(member, 1) == [NO_OFFSET]
    (committed,) = member.consumer.committed([place(member)], timeout=DEADLINE)
    assert (committed.offset, committed.error) == (OFFSET_INVALID, None)
    member.consumer.incremental_unassign([place(member)])
    member.consumer.incremental_assign([place(member, OFFSET_BEGINNING)])
    assert read(member, 2) == [b"1", b"2"]


def test_a_group_continues_where_it_committed(member: Member) -> None:
    member.feed(b"1", b"2", b"3")
    member.consumer.commit(offsets=[place(member, 1)], asynchronous=False)
    begin(member)
    assert read(member, 2) == [b"2", b"3"]


def test_an_asynchronous_commit_is_answered_while_something_else_is_asked(member: Member) -> None:
    member.feed(b"1", b"2", b"3")
    member.consumer.commit(offsets=[place(member, 1)], asynchronous=False)
    begin(member)
    assert read(member, 2) == [b"2", b"3"]
    assert member.answers.all == []
    member.consumer.commit(offsets=[place(member, 3)], asynchronous=True)
    deadline = time.monotonic() + DEADLINE
    while not member.answers.all and time.monotonic() < deadline:
        member.consumer.consume(1, timeout=0.1)
    ((error, partitions),) = member.answers.all
    assert error is None
    assert [(at.partition, at.offset, at.error) for at in partitions] == [(0, 3, None)]


def test_a_committed_offset_that_is_gone_is_reported_like_one_that_never_was(member: Member) -> None:
    member.feed(b"1", b"2", b"3")
    member.forget_before(2)
    member.consumer.commit(offsets=[place(member, 1)], asynchronous=False)
    begin(member)
    assert read(member, 1) == [NO_OFFSET]
    (committed,) = member.consumer.committed([place(member)], timeout=DEADLINE)
    assert committed.offset == 1


def test_what_is_paused_is_read_when_it_is_resumed_from_where_it_was(member: Member) -> None:
    member.feed(b"1", b"2")
    member.consumer.commit(offsets=[place(member, 0)], asynchronous=False)
    begin(member)
    assert read(member, 2) == [b"1", b"2"]
    member.consumer.pause([place(member)])
    member.feed(b"3")
    assert not member.consumer.consume(10, timeout=0.5)
    member.consumer.resume([place(member)])
    assert read(member, 1) == [b"3"]


def test_what_is_assigned_again_is_read_from_the_committed_offset_once_it_is_resumed(member: Member) -> None:
    member.feed(b"1", b"2")
    member.consumer.commit(offsets=[place(member, 1)], asynchronous=False)
    begin(member)
    assert read(member, 1) == [b"2"]
    member.consumer.pause([place(member)])
    member.consumer.incremental_unassign([place(member)])
    member.consumer.incremental_assign([place(member)])
    assert not member.consumer.consume(10, timeout=0.5)
    member.consumer.resume([place(member)])
    assert read(member, 1) == [b"2"]
