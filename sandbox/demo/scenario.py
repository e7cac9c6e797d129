"""Publishes the demo's events and keeps the partition and offset of each, so that every event can be checked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.errors import Stop
from sandbox.demo.environment import Environment
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import EventStream, SimulatedRecord

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Every record that is on the topic, by its place, in the order of the topic."""

    records: Mapping[Place, SimulatedRecord] = field(repr=False)


async def publish(environment: Environment, *, students: int, seed: int) -> Scenario:
    """Puts all events of so many students onto the topic. Raises `Stop` where the cluster does not take one."""
    stream = EventStream(seed=seed, tenants=environment.tenants, students=students, encoder=encoder(environment))
    return await asyncio.to_thread(produce, environment, list(stream))


def encoder(environment: Environment) -> Encoder:
    """Of status events."""
    subject = f"{environment.settings.kafka.topics.status_changed}-value"
    ident, _ = environment.world.schemas.find(subject, schema_text(STATUS_CHANGED))
    return Encoder(schema(STATUS_CHANGED), ident)


def produce(environment: Environment, records: Sequence[SimulatedRecord]) -> Scenario:
    """Puts these records onto the topic. Blocking. Raises `Stop` where the cluster does not take one."""
    places: dict[Place, SimulatedRecord] = {}
    producer = Producer({"bootstrap.servers": environment.settings.kafka.bootstrap_servers, "log_level": 0})
    topic = environment.settings.kafka.topics.status_changed
    for record in records:

        def delivered(error: KafkaError | None, message: Message, record: SimulatedRecord = record) -> None:
            if error is None:
                places[message.partition() or 0, message.offset() or 0] = record

        producer.produce(topic, record.value, record.key, on_delivery=delivered)
    producer.flush(30)
    if len(places) < len(records):
        raise Stop(f"The demo's Kafka took {len(places)} of {len(records)} events.")
    return Scenario(places)
