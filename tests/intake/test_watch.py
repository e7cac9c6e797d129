"""Whether the intake gets on: what it does not read, and what excuses that."""

import pytest
from confluent_kafka import KafkaException, TopicPartition
from prometheus_client import CollectorRegistry

from consumer.intake.offsets import Offsets
from consumer.intake.partitions import Partitions
from consumer.intake.positions import Positions
from consumer.intake.watch import Watch
from consumer.observe.health import Progress
from consumer.observe.metrics import Metrics
from testbed.fakes.ledger import MemoryLedger
from tests.simulated_kafka import FakeConsumer, FakeTopic, cluster_away

PLACE = ("events", 0)


class Wedged(FakeConsumer):
    """One whose cluster can be away."""

    away = False

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = 0.0, *, cached: bool = False
    ) -> tuple[int, int]:
        if self.away:
            raise KafkaException(cluster_away())
        return super().get_watermark_offsets(partition, timeout, cached=cached)


class Watched:
    """A watch over partitions of which nothing is read, and a clock that advances by a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0
        self.topic = FakeTopic()
        self.consumer = Wedged(self.topic)
        ledger = MemoryLedger()
        self.offsets = Offsets(ledger)
        self.partitions = Partitions(ledger, self.offsets, owner="me", metrics=Metrics(CollectorRegistry()))
        self.progress = Progress(unready_after=30, dead_after=360, clock=self.clock)
        self.ours = Positions(self.partitions, self.offsets)
        self.watch = Watch(self.progress, "events", self.ours, self.clock)

    def clock(self) -> float:
        return self.now

    def assign(self) -> None:
        self.partitions.assign(self.consumer, [TopicPartition(*PLACE)])
        self.partitions.own()
        self.partitions.begin(self.consumer)

    def look(self, seconds: int, *, excuse: str | None = None, failed: bool = False) -> None:
        for _ in range(seconds):
            self.watch.look(self.consumer, excuse=excuse, failed=failed)
            self.now += 1


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_records_that_no_one_reads_make_the_process_unready_and_then_dead(watched: Watched) -> None:
    watched.assign()
    watched.topic.feed(b"1")
    watched.look(60)
    assert watched.progress.unready() == "partition 0 has records, but none is being read"
    assert watched.progress.dead() is None
    watched.look(360)
    assert watched.progress.dead() is not None


def test_a_partition_that_was_never_begun_is_not_read_either(watched: Watched) -> None:
    watched.partitions.assign(watched.consumer, [TopicPartition(*PLACE)])
    watched.look(60)
    assert watched.progress.unready() is not None


def test_one_that_reads_is_ready_however_much_waits(watched: Watched) -> None:
    watched.assign()
    watched.topic.feed(*[b"1"] * 1000)
    for done in range(100):
        watched.offsets.done({PLACE: done})
        watched.look(1)
    assert watched.progress.unready() is None


def test_one_that_has_read_everything_is_ready(watched: Watched) -> None:
    watched.assign()
    watched.topic.feed(b"1")
    watched.offsets.done({PLACE: 1})
    watched.look(500)
    assert watched.progress.unready() is None


def test_what_lies_before_the_end_and_is_no_record_counts_as_read(watched: Watched) -> None:
    watched.assign()
    watched.topic.feed(b"a record", b"its transaction's marker")
    watched.offsets.done({PLACE: 1})
    watched.ours.reached_end(PLACE, 2)
    watched.look(500)
    assert watched.progress.unready() is None


def test_what_is_unavailable_makes_the_process_unready_and_not_dead(watched: Watched) -> None:
    watched.assign()
    watched.topic.feed(b"1")
    watched.look(500, excuse="database")
    assert watched.progress.unready() == "intake is paused: database"
    assert watched.progress.dead() is None


def test_a_cluster_that_is_unavailable_makes_the_process_unready_and_not_dead(watched: Watched) -> None:
    watched.assign()
    watched.consumer.away = True
    watched.look(500)
    assert watched.progress.unready() == "Kafka is not responding (_ALL_BROKERS_DOWN)"
    assert watched.progress.dead() is None


def test_a_replica_that_has_no_partition_is_ready_while_the_group_reads(watched: Watched) -> None:
    watched.topic.feed(*[b"1"] * 1000)
    for done in range(100):
        watched.topic.commits = {0: done}
        watched.look(1)
    assert watched.progress.unready() is None


def test_a_replica_that_has_no_partition_is_unready_where_no_one_reads(watched: Watched) -> None:
    watched.topic.feed(b"1")
    watched.look(60)
    assert watched.progress.unready() is not None


def test_a_consumer_that_has_failed_makes_the_process_unready_and_then_dead(watched: Watched) -> None:
    watched.look(40, failed=True)
    assert watched.progress.unready() is not None
    watched.look(360, failed=True)
    assert watched.progress.dead() is not None


def test_what_gets_on_again_is_ready_again(watched: Watched) -> None:
    watched.assign()
    watched.topic.feed(b"1")
    watched.look(60)
    watched.offsets.done({PLACE: 1})
    watched.look(2)
    assert watched.progress.unready() is None
