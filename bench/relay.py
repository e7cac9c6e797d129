"""Outcomes that wait, published by the one relay: the service's own, on the ledger and on Kafka, with its default settings."""

import time
from collections.abc import Sequence

from confluent_kafka import Producer
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text

from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from bench.usage import Usage
from consumer.kafka import consumer_config, relay_config
from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine
from consumer.ledger.leadership import Election
from consumer.ledger.outbox import PostgresOutbox
from consumer.observe.metrics import Metrics
from consumer.outbound.progress import TopicProgress
from consumer.outbound.published import TopicsPublished
from consumer.outbound.relay import Relay
from consumer.settings import DatabaseSettings, KafkaSettings, OutboundSettings, ProvisioningSettings, Topics
from consumer.topics import create_topics

_FIRST_BATCH = 1
"""Of the marks: the one before is the election's, of what was published before."""
_FILL = text(
    """
    INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
    SELECT gen_random_uuid(), :topic, convert_to('school-' || n % 50 || '/s' || n, 'UTF8'), decode(repeat('ab', 300), 'hex'),
           '[["ce_id", "00000000-0000-0000-0000-000000000000"], ["ce_type", "account-provisioned"]]', now()
    FROM generate_series(1, :count) AS n
    """
)


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """So many outcomes of 300 bytes, from the first batch on its topic to the last."""
    say(f"relay: {scale.outcomes:,} outcomes …")
    name = parts.name("relay")
    topics = Topics(**{topic: f"{name}.{topic}" for topic in Topics.model_fields})
    kafka = KafkaSettings(bootstrap_servers=parts.kafka, group_id=name, topics=topics)
    create_topics(kafka, partitions=6, replication=1)
    engine = open_engine(parts.database)
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE outbox")
        connection.execute(_FILL, {"topic": topics.account_provisioned, "count": scale.outcomes})
    outbox = _Watched(engine)
    _relay(parts, name, kafka, engine, outbox).run()
    engine.dispose()
    (began, cpu_before), (ended, cpu_after) = outbox.marks[_FIRST_BATCH], outbox.marks[-1]
    seconds, cpu = ended - began, cpu_after - cpu_before
    rows = scale.outcomes - OutboundSettings().batch_size
    return [Row("outcomes published, one relay", f"{rows / seconds:,.0f}/s, {cpu / rows * 1e6:.0f} µs of CPU each")]


class _Watched(PostgresOutbox):
    """The ledger's side; `marks` are the time and the CPU when it learned how far the topics are."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.marks: list[tuple[float, float]] = []

    def published(self, relay: str, epoch: int, number: int) -> None:
        super().published(relay, epoch, number)
        self.marks.append((time.perf_counter(), Usage.now().cpu))


def _relay(parts: Parts, name: str, kafka: KafkaSettings, engine: Engine, outbox: PostgresOutbox) -> Relay:
    """It stops when it finds nothing more to publish."""
    sweep = ProvisioningSettings().sweep
    settings = OutboundSettings(transactional_id=name)
    relay: Relay

    def stop(_: float) -> None:
        relay.stop()

    relay = Relay(
        name=name,
        outbox=outbox,
        producers=lambda: Producer(relay_config(kafka, transactional_id=name)),
        progress=TopicProgress(consumer_config(kafka), kafka.topics.relay_progress, name),
        progress_topic=kafka.topics.relay_progress,
        published=TopicsPublished(consumer_config(kafka), kafka.topics.outcomes, name),
        leadership=Election(
            Dsn.of(DatabaseSettings(url=parts.database), str), name, engine=engine, holder="bench", lease=3 * sweep
        ),
        wait=stop,
        batch_size=settings.batch_size,
        linger=settings.linger,
        sweep=sweep,
        metrics=Metrics(CollectorRegistry()),
        beat=lambda: None,
    )
    return relay
