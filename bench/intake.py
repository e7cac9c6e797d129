"""Runs the service's intake, as `consumer.assembly` builds it, over a topic until it has dealt with so many events; tells its reading.

python -m bench.intake KAFKA DATABASE TOPIC COUNT INSTITUTIONS
"""

import sys
import uuid
from typing import Any

from confluent_kafka import Consumer, Producer
from prometheus_client import CollectorRegistry, Histogram

from bench.course import Course
from bench.topic import SCHEMA_ID, institutions
from consumer import collector
from consumer.codec.port import WriterSchema
from consumer.codec.reader import EventReader
from consumer.codec.schemas import STATUS_CHANGED, schema_text
from consumer.codec.wire import SchemaRef
from consumer.intake.batch import BatchReader
from consumer.intake.beside import OwnThread
from consumer.intake.dead_letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.intake.port import Answered
from consumer.kafka import intake_config, producer_config
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.observe.logs import configure
from consumer.observe.metrics import Metrics
from consumer.policy.decision import DecisionTable
from consumer.settings import KafkaSettings


class _OneSchema:
    """`Schemas` of a topic that has one."""

    def schema(self, ref: SchemaRef) -> WriterSchema:
        if ref != SCHEMA_ID:
            raise LookupError(ref)
        return WriterSchema(schema_text(STATUS_CHANGED))


def _sum(metric: Histogram) -> float:
    samples = (sample for family in metric.collect() for sample in family.samples)
    return next(sample.value for sample in samples if sample.name.endswith("_sum"))


def main(kafka: str, database: str, topic: str, count: str, schools: str) -> None:
    """See the module."""
    configure("warning", "console")
    tenants = institutions(int(schools))
    table = DecisionTable.of(tenants)
    settings = KafkaSettings(bootstrap_servers=kafka, group_id=f"ours-{uuid.uuid4()}")
    metrics = Metrics(CollectorRegistry())
    course = Course(int(count))
    engine = open_engine(database)

    def beat() -> None:
        if course.reached(_sum(metrics.batch_records)):
            intake.stop()

    def consumer(answered: Answered) -> Any:  # noqa: ANN401  its stub does not fit the port
        return Consumer({**intake_config(settings), "on_commit": answered})

    intake = Intake(
        consumers=consumer,
        topic=topic,
        batches=BatchReader(EventReader(_OneSchema()), lambda: table),
        inbox=PostgresInbox(engine),
        dead_letters=DeadLetters(lambda: Producer(producer_config(settings, name="letters")), f"{topic}.dead"),
        tenants=frozenset(tenant.id for tenant in tenants),
        owner="bench",
        batch_size=settings.batch_size,
        metrics=metrics,
        beat=beat,
        beside=OwnThread(),
    )
    collector.settle()  # as the service does
    intake.run()
    engine.dispose()
    if any(dead_letter.value for family in metrics.dead_letters.collect() for dead_letter in family.samples):
        raise RuntimeError("some of the events are dead letters")
    course.reading().tell()


if __name__ == "__main__":
    main(*sys.argv[1:])
