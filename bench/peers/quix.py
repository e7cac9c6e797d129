"""Quix Streams: one Application, at-least-once, its defaults."""

import uuid

from quixstreams import Application

from bench.peers.work import KAFKA, TOPIC, Meter, acts


def main() -> None:
    """Reads to the last event."""
    meter = Meter()
    app = Application(
        broker_address=KAFKA, consumer_group=f"quix-{uuid.uuid4()}", auto_offset_reset="earliest", loglevel="ERROR"
    )

    def handle(value: bytes) -> None:
        acts(value)
        if meter.add():
            app.stop()

    app.dataframe(app.topic(TOPIC, value_deserializer="bytes")).update(handle)
    app.run()


if __name__ == "__main__":
    main()
