"""The errors that our fakes make are like those that librdkafka makes: each is provoked, and compared in all that code can look at."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from consumer.kafka import intake_config, is_fatal, producer_config
from consumer.settings import KafkaSettings
from proof.simulation.kafka.errors import commit_error, fatal_error
from proof.simulation.kafka.topic import Record
from tests.simulated_kafka import cluster_away, no_offset, too_large

pytestmark = pytest.mark.parts

DEADLINE = 60.0


def seen(error: KafkaError | None) -> tuple[int, bool, bool, bool]:
    assert error is not None
    return error.code(), error.fatal(), error.retriable(), error.txn_requires_abort()


class Group:
    """A topic and consumers of one group on it."""

    def __init__(self, kafka: str, topic: str, name: str) -> None:
        self.kafka, self.topic, self._name = kafka, topic, name
        self._made: list[Any] = []

    def consumer(self, *, instance: str | None = None, protocol: str = "classic", **more: Any) -> Any:
        settings = KafkaSettings.model_validate(
            {
                "bootstrap_servers": self.kafka,
                "group_id": f"{self._name}-{protocol}",
                "group_protocol": protocol,
                "group_instance_id": instance,
            }
        )
        consumer: Any = Consumer({**intake_config(settings), "log_level": 0, **more})
        self._made.append(consumer)
        return consumer

    def join(self, consumer: Any, assigned: Callable[[Any, list[TopicPartition]], None] | None = None) -> None:
        if assigned is None:
            consumer.subscribe([self.topic])
        else:
            consumer.subscribe([self.topic], on_assign=assigned)

    def first_error(self, consumer: Any, *others: Any, besides: int = KafkaError._PARTITION_EOF) -> Any:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            for other in others:
                other.consume(10, timeout=0.1)
            for record in consumer.consume(10, timeout=0.1):
                if record.error() is not None and record.error().code() not in (besides, KafkaError._AUTO_OFFSET_RESET):
                    return record
        raise AssertionError("no error came")

    def close(self) -> None:
        for consumer in self._made:
            consumer.close()


@pytest.fixture
def group(kafka: str, create_topic: Callable[..., str], unique_name: str) -> Iterator[Group]:
    group = Group(kafka, create_topic("events"), unique_name)
    yield group
    group.close()


def until_assigned(consumer: Any) -> None:
    deadline = time.monotonic() + DEADLINE
    while not consumer.assignment() and time.monotonic() < deadline:
        consumer.consume(10, timeout=0.1)
    assert consumer.assignment()


def test_a_member_that_another_replaced_sees_by_the_code_alone_that_it_is_fatal(group: Group) -> None:
    first, second = group.consumer(instance="one"), group.consumer(instance="one")
    group.join(first)
    until_assigned(first)
    group.join(second)
    record = group.first_error(first, second)
    faked = fatal_error(KafkaError.FENCED_INSTANCE_ID)
    assert seen(record.error()) == seen(faked) == (KafkaError._FATAL, False, False, False)
    assert record.error().str() == faked.str()
    assert is_fatal(record.error())
    assert (record.topic(), record.partition(), record.offset()) == (None, 0, None)


def test_a_replaced_member_s_commits_fail_by_the_code_alone_too(group: Group) -> None:
    first, second = group.consumer(instance="one"), group.consumer(instance="one")
    group.join(first)
    until_assigned(first)
    group.join(second)
    group.first_error(first, second)
    with pytest.raises(KafkaException) as raised:
        first.commit(offsets=[TopicPartition(group.topic, 0, 0)], asynchronous=False)
    error = raised.value.args[0]
    assert seen(error) == seen(commit_error(KafkaError._FATAL))
    assert error.str() == commit_error(KafkaError._FATAL).str()


def test_a_member_whose_instance_id_is_in_use_gets_that_error(group: Group) -> None:
    first = group.consumer(instance="one", protocol="consumer")
    second = group.consumer(instance="one", protocol="consumer")
    group.join(first)
    until_assigned(first)
    group.join(second)
    error = group.first_error(second, first).error()
    assert seen(error) == seen(fatal_error(KafkaError.UNRELEASED_INSTANCE_ID))
    words = KafkaError(KafkaError.UNRELEASED_INSTANCE_ID).str()
    assert words in error.str()
    assert words in fatal_error(KafkaError.UNRELEASED_INSTANCE_ID).str()


def test_an_offset_that_is_not_there_is_reported_with_its_partition(group: Group) -> None:
    consumer = group.consumer()
    consumer.assign([TopicPartition(group.topic, 0, 99)])
    deadline = time.monotonic() + DEADLINE
    found: list[Any] = []
    while not found and time.monotonic() < deadline:
        found = [record for record in consumer.consume(10, timeout=0.1) if record.error() is not None]
    faked = Record((group.topic, 0, -1), trouble=no_offset())
    assert seen(found[0].error()) == seen(faked.error())
    assert (found[0].topic(), found[0].partition()) == (faked.topic(), faked.partition())


def test_a_commit_by_someone_who_is_not_in_the_group_is_refused_as_the_fake_refuses_it(group: Group) -> None:
    member, stranger = group.consumer(), group.consumer()
    group.join(member)
    until_assigned(member)
    with pytest.raises(KafkaException) as raised:
        stranger.commit(offsets=[TopicPartition(group.topic, 0, 0)], asynchronous=False)
    faked = commit_error(KafkaError.UNKNOWN_MEMBER_ID)
    assert seen(raised.value.args[0]) == seen(faked)
    assert raised.value.args[0].str() == faked.str()


def test_a_cluster_that_is_unavailable_is_reported_as_the_watch_s_fake_tells_it() -> None:
    consumer = Consumer({"bootstrap.servers": "127.0.0.1:1", "group.id": "none", "log_level": 0})
    with pytest.raises(KafkaException) as raised:
        consumer.get_watermark_offsets(TopicPartition("events", 0), timeout=0.5)
    assert seen(raised.value.args[0]) == seen(cluster_away())
    consumer.close()


def test_a_record_that_is_too_large_is_refused_as_the_fake_refuses_it(kafka: str, group: Group) -> None:
    producer: Any = Producer(producer_config(KafkaSettings(bootstrap_servers=kafka, group_id="none"), name="letters"))
    with pytest.raises(KafkaException) as raised:
        producer.produce(group.topic, b"x" * 2_000_000)
    assert seen(raised.value.args[0]) == seen(too_large())
