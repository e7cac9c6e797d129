"""The events go onto the topic; what the cluster says of each is kept, so that every one can be asked after."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.errors import Stop
from sandbox.demo.stage import Stage
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import EventStream, SimulatedRecord

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True, slots=True)
class Played:
    """Every record that is on the topic, by its place, in the order of the topic."""

    records: Mapping[Place, SimulatedRecord] = field(repr=False)


async def play(stage: Stage, *, students: int, seed: int) -> Played:
    """Puts all events of so many students onto the topic. Raises `Stop` where the cluster does not take one."""
    subject = f"{stage.settings.kafka.topics.status_changed}-value"
    ident, _ = stage.world.schemas.find(subject, schema_text(STATUS_CHANGED))
    stream = EventStream(
        seed=seed, tenants=stage.tenants, students=students, encoder=Encoder(schema(STATUS_CHANGED), ident)
    )
    return await asyncio.to_thread(_produce, stage, list(stream))


def _produce(stage: Stage, records: Sequence[SimulatedRecord]) -> Played:
    places: dict[Place, SimulatedRecord] = {}
    producer = Producer({"bootstrap.servers": stage.settings.kafka.bootstrap_servers, "log_level": 0})
    topic = stage.settings.kafka.topics.status_changed
    for record in records:

        def delivered(error: KafkaError | None, message: Message, record: SimulatedRecord = record) -> None:
            if error is None:
                places[message.partition() or 0, message.offset() or 0] = record

        producer.produce(topic, record.value, record.key, on_delivery=delivered)
    producer.flush(30)
    if len(places) < len(records):
        raise Stop(f"The demo's Kafka took {len(places)} of {len(records)} events.")
    return Played(places)
