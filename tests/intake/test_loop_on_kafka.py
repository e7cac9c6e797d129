"""The intake as a member of a real group: nothing lost and nothing taken twice while members come and go."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from
from prometheus_client import CollectorRegistry

from consumer.configuration.loading import load_tenants
from consumer.errors import Stop
from consumer.intake.batch import BatchReader
from consumer.intake.letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.intake.port import Answered
from consumer.kafka import consumer_config, producer_config
from consumer.ledger.port import Arrival, Disposition
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from consumer.settings import KafkaSettings
from tests.fakes.ledger import MemoryLedger
from tests.intake.rig import ROOT, WordReader

pytestmark = pytest.mark.parts

PARTITIONS, STUDENTS, DEADLINE = 4, 400, 60.0
Protocol = Literal["classic", "consumer"]


class SharedLedger(MemoryLedger):
    """The fake, for several threads."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = threading.Condition()
        self.owners: dict[int, str] = {}

    def own(self, topic: str, partitions: Any, *, owner: str) -> Mapping[int, int]:
        with self.changed:
            self.owners |= dict.fromkeys(partitions, owner)
            self.changed.notify_all()
            return super().own(topic, partitions, owner=owner)

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[tuple[str, int], int]) -> Sequence[Disposition]:
        with self.changed:
            dispositions = super().accept(arrivals, epochs=epochs)
            self.changed.notify_all()
            return dispositions

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE)


class Group:
    """A topic, its dead letters, and the members of one group."""

    def __init__(self, kafka: str, create_topic: Callable[..., str], name: str, protocol: Protocol) -> None:
        self.kafka = kafka
        self.topic = create_topic("events", PARTITIONS)
        self.dead = create_topic("dead")
        self.settings = KafkaSettings(bootstrap_servers=kafka, group_id=name, group_protocol=protocol)
        self.ledger = SharedLedger()
        self.metrics = Metrics(CollectorRegistry())
        self._producer = Producer({"bootstrap.servers": kafka})

    def feed(self, students: range) -> None:
        for student in students:
            partition = student % PARTITIONS
            self._producer.produce(self.topic, f"enrolled S{student} 1".encode(), partition=partition)
            if student % 10 == 0:
                self._producer.produce(self.topic, b"garbage", partition=partition)
        assert self._producer.flush(DEADLINE) == 0

    def member(self, owner: str) -> Intake:
        tenants = [tenant for tenant, _ in load_tenants(ROOT / "config/tenants")]

        def consumer(answered: Answered) -> Any:  # its stub has no `on_lost`
            return Consumer({**consumer_config(self.settings), "on_commit": answered})

        return Intake(
            consumers=consumer,
            topic=self.topic,
            batches=BatchReader(WordReader(), DecisionTable.of(tenants)),
            inbox=self.ledger,
            letters=DeadLetters(lambda: Producer(producer_config(self.settings, name=owner)), self.dead),
            tenants=frozenset(tenant.id for tenant in tenants),
            owner=owner,
            batch_size=20,
            metrics=self.metrics,
            beat=lambda: None,
        )

    @contextmanager
    def running(self, owner: str) -> Generator[None]:
        intake = self.member(owner)
        thread = threading.Thread(target=intake.run)
        thread.start()
        try:
            yield
        finally:
            intake.stop()
            thread.join(DEADLINE)
            assert not thread.is_alive()

    def offsets(self) -> tuple[list[int], list[int]]:
        """Of each partition: what is committed, and where it ends."""
        reader = Consumer(consumer_config(self.settings))
        try:
            places = [TopicPartition(self.topic, partition) for partition in range(PARTITIONS)]
            committed = [at.offset for at in reader.committed(places, timeout=DEADLINE)]
            return committed, [reader.get_watermark_offsets(at, timeout=DEADLINE)[1] for at in places]
        finally:
            reader.close()

    def dead_letters(self) -> int:
        reader = Consumer(consumer_config(self.settings))
        try:
            return reader.get_watermark_offsets(TopicPartition(self.dead, 0), timeout=DEADLINE)[1]
        finally:
            reader.close()


@pytest.fixture(params=["classic", "consumer"])
def group(request: pytest.FixtureRequest, kafka: str, create_topic: Callable[..., str], unique_name: str) -> Group:
    return Group(kafka, create_topic, unique_name, request.param)


def test_every_event_is_taken_once_while_members_come_and_go(group: Group) -> None:
    half = STUDENTS // 2
    with ExitStack() as second:
        with group.running("first"):
            group.feed(range(half))
            group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == half)
            second.enter_context(group.running("second"))
            group.ledger.wait_until(lambda: set(group.ledger.owners.values()) == {"first", "second"})
            group.feed(range(half, STUDENTS))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == STUDENTS)
        group.ledger.wait_until(lambda: set(group.ledger.owners.values()) == {"second"})
    committed, ends = group.offsets()
    assert committed == ends
    assert group.dead_letters() == STUDENTS // 10
    duplicates = {"tenant": "north-high", "disposition": "duplicate"}
    assert group.metrics.registry.get_sample_value("provisioner_events_total", duplicates) is None


def test_a_group_whose_offset_was_deleted_stops_and_says_what_to_do(group: Group) -> None:
    group.feed(range(STUDENTS))
    admin: Any = AdminClient({"bootstrap.servers": group.kafka})  # its futures are untyped
    places = [TopicPartition(group.topic, 0, 5)]
    for done in admin.delete_records(places).values():
        done.result(DEADLINE)
    offsets = [TopicPartition(group.topic, partition, 2) for partition in range(PARTITIONS)]
    committer = Consumer(consumer_config(group.settings))
    committer.commit(offsets=offsets, asynchronous=False)
    committer.close()
    with pytest.raises(Stop, match="Offset 2 of partition 0, where the group is, is no longer in the topic"):
        group.member("first").run()


def test_a_partition_that_another_process_claims_in_the_ledger_is_read_again_while_the_group_says_that_it_is_ours(
    group: Group,
) -> None:
    with group.running("first"):
        group.feed(range(4))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == 4)
        group.ledger.own(group.topic, range(PARTITIONS), owner="a mistake")
        group.feed(range(4, 8))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == 8)
    committed, ends = group.offsets()
    assert committed == ends
