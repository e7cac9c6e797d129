"""Fills a topic with events of fifty institutions, one for each student."""

from collections.abc import Sequence

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.simulators.encoding import Encoder
from consumer.simulators.events import EventStream, Mix
from consumer.tenants import Tenant

PARTITIONS = 6
SCHEMA_ID = 1
_PLAIN = Mix(0, 0, 0, 0, 0, 0, 0)
_IDLE = Mix(0, 1, 0, 0, 0, 0, 0)


def fill(kafka: str, name: str, tenants: Sequence[Tenant], *, students: int, acting: bool) -> int:
    """Makes the topic; returns how many events are on it."""
    admin = AdminClient({"bootstrap.servers": kafka})
    for made in admin.create_topics([NewTopic(name, PARTITIONS, 1)]).values():  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  its futures are untyped
        made.result(30)
    encoder = Encoder(schema(STATUS_CHANGED), SCHEMA_ID)
    stream = EventStream(seed=7, tenants=tenants, students=students, encoder=encoder, mix=_PLAIN if acting else _IDLE)
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "linger.ms": 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    count = 0
    for record in stream:
        producer.produce(name, record.value, record.key)
        count += 1
        if count % 10_000 == 0:
            producer.poll(0)
    producer.flush(120)
    return count
