"""A `read_committed` reader of outcomes that is not librdkafka."""

import time
from typing import Any

from aiokafka import AIOKafkaConsumer  # pyright: ignore[reportMissingTypeStubs]  it has none


async def read_by_key(kafka: str, topic: str, count: int) -> dict[bytes, list[int]]:
    """What there is for each key, in its order: until so many are there, and a bit longer."""
    consumer: Any = AIOKafkaConsumer(  # its types leave keys and values open
        topic, bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: dict[bytes, list[int]] = {}
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            batches = await consumer.getmany(timeout_ms=500)
            if not batches and sum(map(len, seen.values())) >= count:
                return seen
            for records in batches.values():
                for record in records:
                    seen.setdefault(record.key, []).append(int(record.value))
    finally:
        await consumer.stop()
    return seen
