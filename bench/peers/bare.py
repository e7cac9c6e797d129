"""The limit of doing all the work: poll, decode, validate, look up, nothing else. Offsets are committed once a second."""

import time
import uuid

from confluent_kafka import Consumer

from bench.peers.work import BATCH, KAFKA, TOPIC, Meter, acts


def main() -> None:
    """Reads to the last event."""
    consumer = Consumer(
        {
            "bootstrap.servers": KAFKA,
            "group.id": f"bare-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([TOPIC])
    meter = Meter()
    committed, over = time.monotonic(), False
    while not over:
        batch = consumer.consume(BATCH, 1.0)
        for message in batch:
            acts(message.value() or b"")
        over = bool(batch) and meter.add(len(batch))
        if time.monotonic() - committed > 1:
            consumer.commit(asynchronous=True)
            committed = time.monotonic()
    consumer.close()


if __name__ == "__main__":
    main()
