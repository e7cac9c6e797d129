"""A ledger on PostgreSQL that is restored from a backup while its outcomes stay on Apache Kafka: each is there once."""

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from confluent_kafka import Producer
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from consumer.kafka import consumer_config, relay_config
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.ledger.outbox import PostgresOutbox
from consumer.observe.metrics import Metrics
from consumer.outbound.progress import TopicProgress
from consumer.outbound.published import TopicsPublished
from consumer.outbound.relay import Relay
from consumer.settings import KafkaSettings
from testbed.fakes.leadership import AlwaysLeads
from tests.outbound.reading import read_by_key

pytestmark = pytest.mark.parts

KEYS, BATCH = 7, 10

_QUEUE = """
    INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
    VALUES (:event_id, :topic, :key, :value, jsonb_build_array(jsonb_build_array('ce_id', CAST(:event_id AS text))), now())
    ON CONFLICT (event_id) DO NOTHING
"""
_BACK_UP = ("CREATE TABLE kept_outbox AS TABLE outbox", "CREATE TABLE kept_relay AS TABLE relay")
_LOSE = ("TRUNCATE outbox, relay",)
_RESTORE = (
    "INSERT INTO outbox OVERRIDING SYSTEM VALUE SELECT * FROM kept_outbox",
    "INSERT INTO relay SELECT * FROM kept_relay",
)


class Rig:
    """Outcomes of a few students, numbered, and relays that end when none wait."""

    def __init__(self, kafka: str, database_url: str, create_topic: Callable[..., str], name: str) -> None:
        self.kafka = kafka
        self.engine = open_engine(database_url)
        upgrade(self.engine)
        self.outcomes, self.progress = create_topic("outcomes", 3), create_topic("progress")
        self._settings = KafkaSettings(bootstrap_servers=kafka, group_id=name)
        self._name = name
        self.metrics = Metrics(CollectorRegistry())

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def queue(self, *numbers: int) -> None:
        rows = [
            {
                "event_id": UUID(int=number),
                "topic": self.outcomes,
                "key": f"s{number % KEYS}".encode(),
                "value": str(number).encode(),
            }
            for number in numbers
        ]
        with self.engine.begin() as connection:
            connection.execute(text(_QUEUE), rows)

    async def publish(self) -> None:
        """Has a relay publish all that waits."""

        def stop(_seconds: float) -> None:
            relay.stop()

        relay = Relay(
            name=self._name,
            outbox=PostgresOutbox(self.engine),
            producers=lambda: Producer(relay_config(self._settings, transactional_id=self._name)),
            progress=TopicProgress(consumer_config(self._settings), self.progress, self._name),
            progress_topic=self.progress,
            published=TopicsPublished(consumer_config(self._settings), [self.outcomes], self._name),
            leadership=AlwaysLeads(),
            wait=stop,
            batch_size=BATCH,
            sweep=1,
            metrics=self.metrics,
            beat=lambda: None,
        )
        await asyncio.to_thread(relay.run)

    async def read(self, count: int) -> dict[bytes, list[int]]:
        """What there is for each key, in its order: until so many are there, and a bit longer."""
        return await read_by_key(self.kafka, self.outcomes, count)


@pytest.fixture
def rig(kafka: str, database_url: str, create_topic: Callable[..., str], unique_name: str) -> Iterator[Rig]:
    rig = Rig(kafka, database_url, create_topic, unique_name)
    yield rig
    rig.engine.dispose()


def each_once(count: int) -> dict[bytes, list[int]]:
    return {f"s{key}".encode(): list(range(key, count, KEYS)) for key in range(KEYS)}


async def test_outcomes_that_a_restored_ledger_has_forgotten_are_not_published_again(rig: Rig) -> None:
    rig.queue(*range(30))
    await rig.publish()
    rig.queue(*range(30, 40))
    rig.run(*_BACK_UP)
    rig.queue(*range(40, 60))
    await rig.publish()
    rig.run(*_LOSE, *_RESTORE)
    rig.queue(*range(50, 70))  # done again before the relay came, and new ones
    await rig.publish()
    rig.queue(*range(40, 80))  # done again after it
    await rig.publish()
    assert await rig.read(80) == each_once(80)
    assert rig.metrics.registry.get_sample_value("provisioner_relay_recalls_total") == 1
    assert rig.metrics.registry.get_sample_value("provisioner_recalled_outcomes_total") == 30


async def test_outcomes_that_an_empty_ledger_does_not_know_are_not_published_again(rig: Rig) -> None:
    rig.queue(*range(30))
    await rig.publish()
    rig.run(*_LOSE)
    rig.queue(*range(40))
    await rig.publish()
    assert await rig.read(40) == each_once(40)
