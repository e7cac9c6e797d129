"""The relay on Apache Kafka: what a `read_committed` reader that is not librdkafka sees, whatever happens to producers and relays."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from prometheus_client import CollectorRegistry

from consumer.kafka import consumer_config, relay_config
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Publish
from consumer.observe.metrics import Metrics
from consumer.outbound.port import TransactionalProducer
from consumer.outbound.progress import TopicProgress
from consumer.outbound.published import TopicsPublished
from consumer.outbound.relay import Relay
from consumer.settings import KafkaSettings
from testbed.fakes.leadership import AlwaysLeads
from testbed.fakes.ledger import MemoryLedger
from tests.ledger.conftest import TOPIC, arrival, event
from tests.outbound.reading import read_by_key

pytestmark = pytest.mark.parts

ROWS, KEYS, BATCH = 60, 7, 10


class Mishap:
    """A producer that comes to grief at one commit: before it, with its records sent, or after it, with only the answer lost."""

    def __init__(self, producer: Producer, *, at_commit: int, landed: bool) -> None:
        self._producer = producer
        self._left = at_commit
        self._landed = landed
        self.init_transactions = producer.init_transactions
        self.begin_transaction = producer.begin_transaction
        self.produce = producer.produce
        self.poll = producer.poll
        self.purge = producer.purge

    def commit_transaction(self, timeout: float) -> None:
        self._left -= 1
        if self._left or self._landed:
            self._producer.commit_transaction(timeout)
        else:
            self._producer.flush(timeout)
        if not self._left:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))


class Rig:
    """A ledger in memory with outcomes of a few students, and relays from it to real topics."""

    def __init__(self, kafka: str, create_topic: Callable[..., str], name: str) -> None:
        self.kafka = kafka
        self.outcomes = create_topic("outcomes", 3)
        self._progress = create_topic("progress")
        self.relay_name = name
        self._settings = KafkaSettings(bootstrap_servers=kafka, group_id=name)
        self.ledger = MemoryLedger(lambda: datetime(2026, 9, 1, tzinfo=UTC))
        self.metrics = Metrics(CollectorRegistry())

    async def queue(self) -> None:
        epochs = {(TOPIC, 0): self.ledger.own(TOPIC, [0], owner="me")[0].epoch}
        self.ledger.accept([arrival(event())], epochs=epochs)
        (job,) = await self.ledger.claim({"north": Room(1)}, lease=1_000, worker="w")
        rows = [
            Publish(UUID(int=n), self.outcomes, f"north/s{n % KEYS}".encode(), str(n).encode(), (("ce_id", b"x"),))
            for n in range(ROWS)
        ]
        await self.ledger.commit(job.lease, rows)

    def producer(self) -> Producer:
        return Producer(relay_config(self._settings, transactional_id=self.relay_name))

    def relay(
        self,
        producers: Callable[[], TransactionalProducer] | None = None,
        on_beat: Callable[[int], None] = lambda _: None,
    ) -> Relay:
        beats = 0

        def beat() -> None:
            nonlocal beats
            beats += 1
            on_beat(beats)

        def stop(_seconds: float) -> None:
            relay.stop()

        relay = Relay(
            name=self.relay_name,
            outbox=self.ledger,
            producers=producers or self.producer,
            progress=TopicProgress(consumer_config(self._settings), self._progress, self.relay_name),
            progress_topic=self._progress,
            published=TopicsPublished(consumer_config(self._settings), [self.outcomes], self.relay_name),
            leadership=AlwaysLeads(),
            wait=stop,
            batch_size=BATCH,
            sweep=1,
            metrics=self.metrics,
            beat=beat,
        )
        return relay

    async def read(self) -> dict[bytes, list[int]]:
        """What there is for each key, in its order: until all are there, and a bit longer."""
        return await read_by_key(self.kafka, self.outcomes, ROWS)


EACH_ONCE_IN_ORDER = {f"north/s{key}".encode(): list(range(key, ROWS, KEYS)) for key in range(KEYS)}


@pytest.fixture
async def rig(kafka: str, create_topic: Callable[..., str], unique_name: str) -> Rig:
    rig = Rig(kafka, create_topic, unique_name)
    await rig.queue()
    return rig


async def test_each_outcome_is_there_once_and_each_students_in_order(rig: Rig) -> None:
    await asyncio.to_thread(rig.relay().run)
    assert await rig.read() == EACH_ONCE_IN_ORDER


@pytest.mark.parametrize("landed", [True, False], ids=["answer lost", "producer died"])
async def test_a_commit_of_unknown_fate_is_neither_repeated_nor_forgotten(rig: Rig, *, landed: bool) -> None:
    made: list[TransactionalProducer] = []

    def first_comes_to_grief() -> TransactionalProducer:
        one = rig.producer()
        made.append(one if made else Mishap(one, at_commit=3, landed=landed))
        return made[-1]

    await asyncio.to_thread(rig.relay(first_comes_to_grief).run)
    assert len(made) > 1  # where Kafka answers slowly, others are replaced too
    assert await rig.read() == EACH_ONCE_IN_ORDER


async def test_a_relay_that_dies_with_records_sent_is_made_up_for_by_the_next(rig: Rig) -> None:
    epoch = rig.ledger.take_over(rig.relay_name)
    batch = rig.ledger.next_batch(rig.relay_name, epoch, limit=BATCH)
    assert batch
    dead = rig.producer()
    dead.init_transactions(30)
    dead.begin_transaction()
    for row in batch.rows:
        dead.produce(row.topic, row.value, row.key)
    assert dead.flush(30) == 0
    await asyncio.to_thread(rig.relay().run)
    assert await rig.read() == EACH_ONCE_IN_ORDER
    with pytest.raises(KafkaException):
        dead.commit_transaction(30)


async def test_a_relay_that_is_replaced_midway_publishes_nothing_twice(rig: Rig) -> None:
    def replace(beat: int) -> None:
        if beat == 4:
            rig.relay().run()

    await asyncio.to_thread(rig.relay(on_beat=replace).run)
    assert await rig.read() == EACH_ONCE_IN_ORDER
    assert rig.metrics.registry.get_sample_value("provisioner_fenced_writes_total", {"loop": "outbound"}) == 1
