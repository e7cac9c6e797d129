"""What is on the topics, to a client that is not librdkafka: every committed record up to the last stable offset."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition  # pyright: ignore[reportMissingTypeStubs]  it has none

from proof.collect.raw import Raw

_PATIENCE = 60.0


async def read_topics(kafka: str, topics: Sequence[str]) -> Sequence[Any]:
    """aiokafka's records of all these topics, in the order of each partition. Raises TimeoutError where they do not come in a minute."""
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=2**25,
    )
    await consumer.start()
    try:
        return await asyncio.wait_for(_all(consumer, await _partitions(consumer, topics)), _PATIENCE)
    finally:
        await consumer.stop()


def raw(record: Any) -> Raw:  # noqa: ANN401  aiokafka has no types
    """One of these records, as any client would give it."""
    return Raw((record.topic, record.partition, record.offset), record.key, record.value, tuple(record.headers))


async def _partitions(consumer: Any, topics: Sequence[str]) -> Sequence[TopicPartition]:  # noqa: ANN401  untyped
    metadata = await consumer._client.fetch_all_metadata()  # noqa: SLF001  a fresh consumer knows no topics otherwise
    return [TopicPartition(topic, number) for topic in topics for number in metadata.partitions_for_topic(topic) or ()]


async def _all(consumer: Any, partitions: Sequence[TopicPartition]) -> Sequence[Any]:  # noqa: ANN401  untyped
    consumer.assign(partitions)
    await consumer.seek_to_beginning(*partitions)
    ends = await consumer.end_offsets(partitions)
    records: list[Any] = []
    for partition in partitions:
        # Positions pass markers and aborted records too, which no batch shows.
        while await consumer.position(partition) < ends[partition]:
            for batch in (await consumer.getmany(timeout_ms=100)).values():
                records += batch
    return records
