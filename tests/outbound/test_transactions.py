"""What the relay believes of transactions, held to the simulated cluster and to Apache Kafka with librdkafka."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from consumer.errors import Unavailable
from consumer.outbound.port import Progress, TransactionalProducer
from consumer.outbound.progress import PARTITION, TopicProgress
from proof.simulation.clock import Runner
from proof.simulation.process import Process
from tests.proof.simulation.driven import Driver

DEADLINE = 30.0


class Flushing(TransactionalProducer, Protocol):
    """So that what was not committed is nevertheless on its topic."""

    def flush(self, timeout: float) -> int: ...


class Cluster(Protocol):
    """Producers of some relays, their progress topic, and what a `read_committed` reader sees of it once it is all there."""

    topic: str
    relay: str

    def producer(self, relay: str) -> Flushing: ...
    def progress(self, relay: str) -> Progress: ...
    def visible(self) -> list[bytes]: ...


class Simulated:
    """In memory."""

    topic, relay = "progress", "relay"

    def __init__(self, runner: Runner) -> None:
        self._driver = Driver(runner)
        self._driver.cluster.create_topic(self.topic, 1)

    def producer(self, relay: str) -> Flushing:
        return self._driver.client(self._driver.cluster.transactional_producer(Process("one"), relay))

    def progress(self, relay: str) -> Progress:
        return self._driver.client(self._driver.cluster.progress(Process("one"), self.topic, relay))

    def visible(self) -> list[bytes]:
        return [record.value() or b"" for record in self._driver.cluster.read_committed(self.topic)]


class Real:
    """Apache Kafka."""

    def __init__(self, kafka: str, topic: str, name: str) -> None:
        self.topic, self.relay = topic, name
        self._config: dict[str, Any] = {"bootstrap.servers": kafka}

    def producer(self, relay: str) -> Flushing:
        return Producer({**self._config, "transactional.id": relay})

    def progress(self, relay: str) -> Progress:
        return TopicProgress(self._config, self.topic, relay)

    def visible(self) -> list[bytes]:
        consumer = Consumer(
            {**self._config, "group.id": self.relay, "auto.offset.reset": "earliest", "enable.partition.eof": True}
        )
        consumer.subscribe([self.topic])
        values: list[bytes] = []
        deadline = time.monotonic() + DEADLINE
        try:
            while time.monotonic() < deadline:
                record = consumer.poll(1)
                error = record.error() if record else None
                if error is not None and error.code() == KafkaError._PARTITION_EOF:
                    break
                if record is not None and error is None:
                    values.append(record.value() or b"")
        finally:
            consumer.close()
        return values


@pytest.fixture(params=["simulated", pytest.param("real", marks=pytest.mark.parts)])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    if request.param == "simulated":
        with Runner(start=0) as runner:
            yield Simulated(runner)
        return
    create_topic: Callable[[str], str] = request.getfixturevalue("create_topic")
    yield Real(request.getfixturevalue("kafka"), create_topic("progress"), request.getfixturevalue("unique_name"))


def ready(cluster: Cluster, relay: str | None = None) -> Flushing:
    producer = cluster.producer(relay or cluster.relay)
    producer.init_transactions(DEADLINE)
    return producer


def begin(cluster: Cluster, producer: Flushing, *numbers: int, relay: str | None = None) -> None:
    """A transaction whose records are on their topic."""
    producer.begin_transaction()
    for number in numbers:
        producer.produce(cluster.topic, str(number).encode(), (relay or cluster.relay).encode(), PARTITION)
    assert producer.flush(DEADLINE) == 0


def test_what_is_committed_is_seen(cluster: Cluster) -> None:
    producer = ready(cluster)
    for number in (1, 3):
        begin(cluster, producer, number, number + 1)
        producer.commit_transaction(DEADLINE)
    assert cluster.visible() == [b"1", b"2", b"3", b"4"]
    assert cluster.progress(cluster.relay).read() == 4


def test_where_nothing_was_published_progress_is_zero(cluster: Cluster) -> None:
    assert cluster.progress(cluster.relay).read() == 0


def test_what_is_open_is_not_seen_nor_is_what_was_committed_behind_it(cluster: Cluster) -> None:
    ours, other = ready(cluster), ready(cluster, f"{cluster.relay}-other")
    begin(cluster, other, 7, relay=f"{cluster.relay}-other")
    begin(cluster, ours, 1)
    ours.commit_transaction(DEADLINE)
    assert cluster.visible() == []
    with pytest.raises(Unavailable):
        cluster.progress(cluster.relay).read()
    other.commit_transaction(DEADLINE)
    assert cluster.visible() == [b"7", b"1"]
    assert cluster.progress(cluster.relay).read() == 1


def test_what_a_predecessor_left_open_is_never_seen(cluster: Cluster) -> None:
    begin(cluster, ready(cluster), 1)
    begin(cluster, successor := ready(cluster), 2)
    successor.commit_transaction(DEADLINE)
    assert cluster.visible() == [b"2"]


def test_a_predecessor_is_fenced_for_good(cluster: Cluster) -> None:
    begin(cluster, predecessor := ready(cluster), 1)
    ready(cluster)
    for _ in range(2):
        with pytest.raises(KafkaException) as caught:
            predecessor.commit_transaction(DEADLINE)
        assert caught.value.args[0].code() == KafkaError._FENCED
    assert cluster.visible() == []


def test_producers_of_other_names_are_let_be(cluster: Cluster) -> None:
    begin(cluster, ours := ready(cluster), 1)
    ready(cluster, f"{cluster.relay}-other")
    ours.commit_transaction(DEADLINE)
    assert cluster.visible() == [b"1"]


def test_a_transaction_of_nothing_can_be_committed(cluster: Cluster) -> None:
    begin(cluster, producer := ready(cluster))
    producer.commit_transaction(DEADLINE)
    assert cluster.visible() == []


def test_no_transaction_begins_within_another(cluster: Cluster) -> None:
    begin(cluster, producer := ready(cluster), 1)
    with pytest.raises(KafkaException):
        producer.begin_transaction()


def test_what_is_purged_is_not_seen(cluster: Cluster) -> None:
    producer = ready(cluster)
    producer.begin_transaction()
    producer.produce(cluster.topic, b"1", b"key", PARTITION)
    producer.purge()
    producer.poll(0.1)
    ready(cluster)
    assert cluster.visible() == []
