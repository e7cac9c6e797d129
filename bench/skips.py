"""Events that do nothing: the intake's own rate, against a bare loop that polls, decodes all of a record, validates it and looks it up."""

import io
import time
import uuid
from collections.abc import Callable, Sequence

from confluent_kafka import Consumer, Producer
from fastavro import parse_schema, schemaless_reader  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs
from prometheus_client import CollectorRegistry, Counter

from bench.topic import SCHEMA_ID
from consumer.codec.reader import EventReader
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.codec.wire import SchemaRef
from consumer.events import StudentStatusChanged
from consumer.intake.batch import BatchReader
from consumer.intake.letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.kafka import consumer_config, producer_config
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from consumer.settings import KafkaSettings
from consumer.tenants import Tenant


class KnownSchemas:
    """The one schema of the topic."""

    def schema(self, ref: SchemaRef) -> str:
        """See `Schemas`."""
        assert ref == SCHEMA_ID
        return schema_text(STATUS_CHANGED)


def bare(kafka: str, topic: str, count: int, tenants: Sequence[Tenant]) -> float:
    """Events a second of the bare loop, from the first one on."""
    ours = parse_schema(schema(STATUS_CHANGED))
    acting = {(tenant.id, row.id) for tenant in tenants for row in tenant.statuses if row.provider_action}
    consumer = Consumer(
        {
            "bootstrap.servers": kafka,
            "group.id": f"bare-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    seen, began, committed = 0, 0.0, time.perf_counter()
    while seen < count:
        batch = consumer.consume(500, 1.0)
        began = began or (time.perf_counter() if batch else 0.0)
        for message in batch:
            body = io.BytesIO((message.value() or b"")[5:])
            event = StudentStatusChanged.model_validate(schemaless_reader(body, ours, None))
            assert (event.tenant_id, event.status.id) not in acting
        seen += len(batch)
        if time.perf_counter() - committed > 1:
            consumer.commit(asynchronous=True)
            committed = time.perf_counter()
    took = time.perf_counter() - began
    consumer.close()
    return count / took


def ours(kafka: str, topic: str, count: int, tenants: Sequence[Tenant], database: str) -> float:
    """Events a second of the intake as the service runs it, from the first one on."""
    return intake_rate(kafka, topic, count, tenants, database, lambda metrics: total(metrics.skips))


def intake_rate(
    kafka: str, topic: str, count: int, tenants: Sequence[Tenant], database: str, seen: Callable[[Metrics], float]
) -> float:
    """Runs an intake until `seen` has counted all events."""
    settings = KafkaSettings(bootstrap_servers=kafka, group_id=f"ours-{uuid.uuid4()}")
    metrics = Metrics(CollectorRegistry())
    engine = open_engine(database)
    began = 0.0
    done = 0.0

    def beat() -> None:
        nonlocal began, done
        so_far = seen(metrics)
        if so_far and not began:
            began = time.perf_counter()
        if so_far >= count and not done:
            done = time.perf_counter()
            intake.stop()

    intake = Intake(
        consumer=Consumer(consumer_config(settings)),
        topic=topic,
        batches=BatchReader(EventReader(KnownSchemas()), DecisionTable.of(tenants)),
        inbox=PostgresInbox(engine),
        letters=DeadLetters(Producer(producer_config(settings, name="letters")), f"{topic}.dead"),
        tenants=frozenset(tenant.id for tenant in tenants),
        owner="bench",
        batch_size=settings.batch_size,
        metrics=metrics,
        beat=beat,
    )
    intake.run()
    engine.dispose()
    return count / (done - began)


def total(metric: Counter) -> float:
    """The counter's sum over all its labels."""
    samples = (sample for family in metric.collect() for sample in family.samples)
    return sum(sample.value for sample in samples if sample.name.endswith("_total"))
