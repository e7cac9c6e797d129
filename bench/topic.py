"""Topics full of events, of the example's institution many times over."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # pyright: ignore[reportPrivateImportUsage]  where its own docs take it from

from bench.reading import ROOT
from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.configuration.loading import load_tenants
from consumer.tenants import Tenant
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import PLAIN, EventStream

PARTITIONS = 6
SCHEMA_ID = 1
_DISTINCT = 100_000
_IDLE = replace(PLAIN, idle=1)


def institutions(count: int) -> Sequence[Tenant]:
    """Alike but for their ids."""
    example = load_tenants(ROOT / "config" / "tenants")[0][0]
    return [example.model_copy(update={"id": f"school-{number:02d}"}) for number in range(count)]


def fill_with_skips(kafka: str, topic: str, tenants: Sequence[Tenant], count: int) -> None:
    """Events that do nothing. From a hundred thousand on they repeat: no contestant stores anything about them."""
    stream = EventStream(seed=7, tenants=tenants, students=min(count, _DISTINCT), encoder=_encoder(), mix=_IDLE)
    distinct = [(record.key, record.value) for record in islice(stream, min(count, _DISTINCT))]
    _fill(kafka, topic, [distinct[number % len(distinct)] for number in range(count)])


def fill_with_acts(kafka: str, topic: str, tenants: Sequence[Tenant], count: int) -> None:
    """Events that each ask for one more student's account."""
    acting = [
        t.model_copy(update={"statuses": tuple(row for row in t.statuses if row.provider_action)}) for t in tenants
    ]
    stream = EventStream(seed=7, tenants=acting, students=count, encoder=_encoder(), mix=PLAIN)
    _fill(kafka, topic, [(record.key, record.value) for record in stream])


def _fill(kafka: str, topic: str, records: Sequence[tuple[bytes, bytes | None]]) -> None:
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    for made in admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values():  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  its futures are untyped
        made.result(30)
    producer = Producer({"bootstrap.servers": kafka, "linger.ms": 20, "compression.type": "lz4", "log_level": 0})
    for key, value in records:
        while True:
            try:
                producer.produce(topic, value, key)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    producer.flush(120)


def _encoder() -> Encoder:
    return Encoder(schema(STATUS_CHANGED), SCHEMA_ID)
