"""FastStream on confluent-kafka, as its users write it: one subscriber.

    python -m bench.peers.faststream batches | singly | calls

`calls` is its own way to overlap slow calls, IN_FLIGHT workers: it acknowledges first, so that a crash loses them.
"""

import asyncio
import sys
import uuid

import aiohttp
from faststream import FastStream
from faststream.confluent import KafkaBroker, KafkaMessage

from bench.peers.work import BATCH, IN_FLIGHT, KAFKA, STUB, TOPIC, Meter, acts

_WAYS = {"batches": {"batch": True, "max_records": BATCH}, "singly": {}, "calls": {"max_workers": IN_FLIGHT}}


async def _identity(message: KafkaMessage) -> bytes:
    return message.body


async def main(way: str) -> None:
    """Reads to the last event."""
    broker = KafkaBroker(KAFKA, logger=None)
    app = FastStream(broker, logger=None)
    meter = Meter()
    subscriber = broker.subscriber(
        TOPIC, group_id=f"faststream-{uuid.uuid4()}", auto_offset_reset="earliest", decoder=_identity, **_WAYS[way]
    )
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def look(body: bytes | list[bytes]) -> None:
            for value in [body] if isinstance(body, bytes) else body:
                acts(value)
            if meter.add(1 if isinstance(body, bytes) else len(body)):
                app.exit()

        async def call(body: bytes) -> None:
            if acts(body):
                async with session.post(STUB, data=body) as answer:
                    answer.raise_for_status()
            if meter.add():
                app.exit()

        subscriber(call if way == "calls" else look)
        await app.run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
