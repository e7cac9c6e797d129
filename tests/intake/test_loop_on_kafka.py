"""The intake as a member of a real group: nothing lost and nothing taken twice while members come and go."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from
from prometheus_client import CollectorRegistry

from consumer.configuration.loading import load_tenants
from consumer.errors import Stop
from consumer.intake.batch import BatchReader
from consumer.intake.dead_letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.intake.port import Answered
from consumer.kafka import consumer_config, intake_config, producer_config
from consumer.ledger.port.inbox import Arrival, Disposition, Ownership, Place
from consumer.observe.health import Progress
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from consumer.settings import KafkaSettings
from testbed.fakes.ledger import MemoryLedger
from testbed.fakes.ledger.state import State
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

    def own(self, topic: str, partitions: Any, *, owner: str) -> Mapping[int, Ownership]:
        with self.changed:
            self.owners |= dict.fromkeys(partitions, owner)
            self.changed.notify_all()
            return super().own(topic, partitions, owner=owner)

    def accept(self, arrivals: Sequence[Arrival], **more: Any) -> Sequence[Disposition]:
        with self.changed:
            dispositions = super().accept(arrivals, **more)
            self.changed.notify_all()
            return dispositions

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        with self.changed:
            return super().tenants_with_open_work(tenants)

    def backup(self) -> State:
        with self.changed:
            return super().backup()

    def restore(self, backup: State) -> None:
        with self.changed:
            super().restore(backup)

    def next_offset(self, topic: str, partition: int) -> int | None:
        with self.changed:
            return self._state.next_offsets.get((topic, partition))

    def store_offsets(self, offsets: Mapping[Place, int], **more: Any) -> None:
        with self.changed:
            super().store_offsets(offsets, **more)
            self.changed.notify_all()

    def pause(self, seconds: float) -> None:
        """For what shows itself only in time: that nothing happens."""
        with self.changed:
            self.changed.wait_for(lambda: False, seconds)

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

    def feed(self, students: range, status: bytes = b"enrolled", *, version: int = 1) -> None:
        for student in students:
            partition = student % PARTITIONS
            self._producer.produce(self.topic, status + f" S{student} {version}".encode(), partition=partition)
            if student % 10 == 0 and version == 1:
                self._producer.produce(self.topic, b"garbage", partition=partition)
        assert self._producer.flush(DEADLINE) == 0

    def member(self, owner: str, *, instance: str | None = None, progress: Progress | None = None) -> Intake:
        tenants = [tenant for tenant, _ in load_tenants(ROOT / "config/tenants")]
        table = DecisionTable.of(tenants)

        def consumer(answered: Answered) -> Any:  # its stub has no `on_lost`
            settings = self.settings.model_copy(update={"group_instance_id": instance})
            return Consumer({**intake_config(settings), "on_commit": answered})

        return Intake(
            consumers=consumer,
            topic=self.topic,
            batches=BatchReader(WordReader(), lambda: table),
            inbox=self.ledger,
            dead_letters=DeadLetters(lambda: Producer(producer_config(self.settings, name=owner)), self.dead),
            tenants=frozenset(tenant.id for tenant in tenants),
            owner=owner,
            batch_size=20,
            metrics=self.metrics,
            beat=lambda: None,
            static=instance is not None,
            progress=progress,
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

    def lags(self) -> list[float | None]:
        """As the metrics of all members show it."""
        registry, name = self.metrics.registry, "provisioner_intake_lag_records"
        return [registry.get_sample_value(name, {"partition": str(number)}) for number in range(PARTITIONS)]

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


def test_the_lag_of_each_partition_is_none_when_all_is_read(group: Group) -> None:
    with group.running("first"):
        group.feed(range(PARTITIONS * 4))
        until = time.monotonic() + DEADLINE
        while group.lags() != [0.0] * PARTITIONS and time.monotonic() < until:
            group.ledger.pause(0.2)
        assert group.lags() == [0.0] * PARTITIONS
        assert len(group.ledger.dispositions()) == PARTITIONS * 4
    assert group.lags() == [None] * PARTITIONS


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
    group.ledger.set_offsets({(group.topic, partition): 2 for partition in range(PARTITIONS)})
    with pytest.raises(Stop, match="Offset 2 of partition 0, the next to be read, is no longer in the topic"):
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


def test_a_record_with_a_header_that_is_not_utf8_is_a_dead_letter_and_the_next_is_read(group: Group) -> None:
    command = [sys.executable, "-m", "tests.intake.foreign_header", group.kafka, group.topic, "enrolled S1 1"]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"})  # noqa: S603  our own program
    with group.running("first"):
        group.feed(range(4), version=2)
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == 4)
    committed, ends = group.offsets()
    assert committed == ends
    assert group.dead_letters() == 1


class Replica:
    """A member that may end by itself, as a process would, and what it says of its health."""

    def __init__(self, group: Group, owner: str, *, instance: str) -> None:
        self.progress = Progress(unready_after=3, dead_after=360)
        self._intake = group.member(owner, instance=instance, progress=self.progress)
        self.stopped: Stop | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def ready(self) -> bool:
        """Whether it would get no traffic or be started anew: what has ended is not ready."""
        return self._thread.is_alive() and self.progress.unready() is None

    def end(self) -> None:
        self._intake.stop()
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._intake.run()
        except Stop as stop:
            self.stopped = stop


def test_of_two_replicas_with_one_instance_id_none_is_ready_without_reading_and_everything_is_read(
    group: Group,
) -> None:
    replicas = [Replica(group, "first", instance="one")]
    group.ledger.wait_until(lambda: len(group.ledger.owners) == PARTITIONS)
    replicas.append(Replica(group, "second", instance="one"))
    try:
        deadline = time.monotonic() + DEADLINE
        while sum(replica.ready for replica in replicas) != 1 and time.monotonic() < deadline:
            group.ledger.pause(0.2)
        assert sum(replica.ready for replica in replicas) == 1
        group.feed(range(STUDENTS))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == STUDENTS)
    finally:
        for replica in replicas:
            replica.end()
    committed, ends = group.offsets()
    assert committed == ends


def test_after_the_ledger_was_restored_every_event_of_the_gap_is_taken_and_none_twice(group: Group) -> None:
    half = STUDENTS // 2
    with group.running("first"):
        group.feed(range(half))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == half)
    backup = group.ledger.backup()
    with group.running("second"):
        group.feed(range(half, STUDENTS))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == STUDENTS)
    group.ledger.restore(backup)
    assert len(group.ledger.dispositions()) == half
    with group.running("third"):
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == STUDENTS)
    committed, ends = group.offsets()
    assert committed == ends
    assert group.metrics.registry.get_sample_value("provisioner_ledger_behind_total") == PARTITIONS
    duplicates = {"tenant": "north-high", "disposition": "duplicate"}
    assert group.metrics.registry.get_sample_value("provisioner_events_total", duplicates) is None


def test_a_status_that_does_nothing_cancels_what_waits(group: Group) -> None:
    with group.running("first"):
        group.feed(range(4))
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == 4)
        group.feed(range(4), b"withdrawn", version=2)
        group.ledger.wait_until(lambda: len(group.ledger.dispositions()) == 8)
    students = [group.ledger.student("north-high", f"S{student}") for student in range(4)]
    assert [(one.desired_version, one.arrival.providers) for one in students] == [(2, ())] * 4


def test_what_ends_a_transaction_is_nothing_that_waits(group: Group) -> None:
    producer = Producer({"bootstrap.servers": group.kafka, "transactional.id": group.topic})
    producer.init_transactions(DEADLINE)
    producer.begin_transaction()
    producer.produce(group.topic, b"applied S1 1", partition=0)
    producer.commit_transaction(DEADLINE)
    replica = Replica(group, "first", instance="one")
    try:
        group.ledger.wait_until(lambda: group.ledger.next_offset(group.topic, 0) == 1)
        group.ledger.pause(10)
        assert replica.ready
    finally:
        replica.end()
