"""The student information system: puts events onto the topic, and insists until the cluster has them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from confluent_kafka import KafkaError, Message, Producer

from sandbox.simulators.events import SimulatedRecord

_INSISTS = 900.0


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it goes onto the topic; `partition` -1 is the key's own."""

    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    partition: int = -1
    headers: tuple[tuple[str, bytes], ...] = ()


class Sis:
    """A producer for one topic. Who puts first is first on it; a record whose answer is lost is not on it twice."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._topic = topic
        self._turn = asyncio.Lock()
        self._producer = Producer(
            {
                "bootstrap.servers": kafka,
                "enable.idempotence": True,
                "linger.ms": 0,
                "message.timeout.ms": int(_INSISTS * 1_000),
                "message.max.bytes": 20_000_000,
                "topic.metadata.refresh.interval.ms": 1_000,  # new partitions are used soon
                "log_level": 0,
            }
        )

    async def put(self, records: Sequence[SimulatedRecord], *, partition: int = -1) -> None:
        """Returns when the cluster has all of them. Raises RuntimeError where it has not in a quarter of an hour, or refuses one."""
        await self.put_raw(*(Raw(record.key, record.value, partition) for record in records))

    async def put_raw(self, *records: Raw) -> None:
        """The same for records that no event stream would make."""
        async with self._turn:
            await asyncio.to_thread(self._put, records)

    def _put(self, records: Sequence[Raw]) -> None:
        refused: list[str] = []

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                refused.append(error.name())

        for record in records:
            self._producer.produce(
                self._topic,
                record.value,
                record.key,
                record.partition,
                headers=list(record.headers),
                on_delivery=delivered,
            )
        if left := self._producer.flush(_INSISTS):
            refused.append(f"{left} not delivered")
        if refused:
            raise RuntimeError(f"Kafka did not take the events: {refused[:3]}")
