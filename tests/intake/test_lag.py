"""How far intake is behind, partition by partition."""

import pytest
from confluent_kafka import KafkaException, TopicPartition
from prometheus_client import CollectorRegistry

from consumer.intake.lag import Lag
from consumer.intake.offsets import Offsets
from consumer.intake.partitions import Partitions
from consumer.intake.positions import Positions
from consumer.ledger.port.inbox import Place
from consumer.observe.metrics import Metrics
from testbed.fakes.ledger import MemoryLedger
from tests.simulated_kafka import FakeConsumer, FakeTopic, cluster_away

PLACE = ("events", 0)


class Cluster(FakeConsumer):
    """Counts how often it is asked; it can be away, and have more partitions with so many records each."""

    away = False
    asked = 0

    def get_watermark_offsets(self, partition: TopicPartition, timeout: float) -> tuple[int, int]:
        self.asked += 1
        if self.away:
            raise KafkaException(cluster_away())
        return super().get_watermark_offsets(partition, timeout)


class Reading:
    """Partitions that are read, with a topic that the test fills."""

    def __init__(self) -> None:
        self.topic = FakeTopic()
        self.consumer = Cluster(self.topic)
        ledger, self.metrics = MemoryLedger(), Metrics(CollectorRegistry())
        self.offsets = Offsets(ledger)
        self.partitions = Partitions(ledger, self.offsets, owner="me", metrics=self.metrics)
        self.positions = Positions(self.partitions, self.offsets)
        self.lag = Lag(self.partitions, self.positions, self.metrics.intake_lag)

    def assign(self, *numbers: int) -> None:
        self.partitions.assign(self.consumer, [TopicPartition("events", number) for number in numbers])
        self.partitions.own()
        self.partitions.begin(self.consumer)
        self.consumer.asked = 0

    def revoke(self, *numbers: int) -> None:
        gone = [TopicPartition("events", number) for number in numbers]
        self.lag.forget(self.partitions.release(self.consumer, gone, lost=True))

    def done(self, offset: int, place: Place = PLACE) -> None:
        self.offsets.done({place: offset})

    def shown(self, partition: int = 0) -> float | None:
        labels = {"partition": str(partition)}
        return self.metrics.registry.get_sample_value("provisioner_intake_lag_records", labels)


@pytest.fixture
def reading() -> Reading:
    reading = Reading()
    reading.topic.feed(*[b"1"] * 10)
    reading.assign(0)
    return reading


def test_what_is_not_done_is_counted(reading: Reading) -> None:
    reading.done(4)
    reading.lag.look(reading.consumer)
    assert reading.shown() == 6


def test_before_anything_is_done_all_from_the_beginning_counts(reading: Reading) -> None:
    reading.lag.look(reading.consumer)
    assert reading.shown() == 10


def test_it_grows_while_nothing_is_read(reading: Reading) -> None:
    reading.done(10)
    reading.lag.look(reading.consumer)
    assert reading.shown() == 0
    reading.topic.feed(b"1", b"2")
    reading.lag.look(reading.consumer)
    assert reading.shown() == 2


def test_what_lies_before_the_end_and_is_no_record_is_no_lag(reading: Reading) -> None:
    reading.done(9)
    reading.positions.reached_end(PLACE, 10)
    reading.lag.look(reading.consumer)
    assert reading.shown() == 0


def test_a_revoked_partition_has_no_series(reading: Reading) -> None:
    reading.lag.look(reading.consumer)
    reading.revoke(0)
    assert reading.shown() is None
    reading.lag.look(reading.consumer)
    assert reading.shown() is None


def test_a_partition_that_comes_back_is_measured_anew(reading: Reading) -> None:
    reading.lag.look(reading.consumer)
    reading.revoke(0)
    reading.assign(0)
    assert reading.shown() is None
    reading.lag.look(reading.consumer)
    assert reading.shown() == 10


def test_partitions_are_asked_for_a_few_at_a_time_in_turn() -> None:
    reading = Reading()
    reading.assign(*range(12))
    reading.lag.look(reading.consumer)
    assert reading.consumer.asked == 5
    for _ in range(2):
        reading.lag.look(reading.consumer)
    assert [number for number in range(12) if reading.shown(number) is None] == []


def test_a_cluster_that_does_not_answer_is_asked_once_and_what_was_known_stays(reading: Reading) -> None:
    reading.assign(1, 2)
    reading.lag.look(reading.consumer)
    reading.consumer.away, reading.consumer.asked = True, 0
    reading.done(3)
    reading.lag.look(reading.consumer)
    assert reading.consumer.asked == 1
    assert reading.shown() == 7
