"""`python -m tests.intake.foreign_header <servers> <topic> <value>`: writes a record with a header whose name is not UTF-8.

Brokers take such a name as they take any bytes. librdkafka's Python client writes none, and aiokafka only where its builder is in Python
(`AIOKAFKA_NO_EXTENSIONS=1`) and asks the name for its bytes.
"""

import asyncio
import sys
from typing import Any

from aiokafka import AIOKafkaProducer  # pyright: ignore[reportMissingTypeStubs]  it has none

NAME = b"\xff\xfe"


class _Name(str):
    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        del encoding, errors
        return NAME


async def _write(servers: str, topic: str, value: str) -> None:
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers)  # its types leave keys and values open
    await producer.start()
    try:
        await producer.send_and_wait(topic, value.encode(), partition=0, headers=[(_Name("name"), b"value")])
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(_write(*sys.argv[1:]))
