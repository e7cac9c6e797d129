"""Faust (faust-streaming): one agent, raw bytes."""

import os
import tempfile
import uuid

import faust

from bench.peers.work import KAFKA, TOPIC, Meter, acts


def main() -> None:
    """Reads to the last event, and ends hard: its worker has no quick way to stop."""
    app = faust.App(
        f"faust-{uuid.uuid4()}",
        broker=f"kafka://{KAFKA}",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        datadir=tempfile.mkdtemp(),
        web_enabled=False,
        topic_disable_leader=True,
    )
    meter = Meter()

    @app.agent(app.topic(TOPIC, value_serializer="raw"))
    async def handle(stream: faust.Stream[bytes]) -> None:
        async for value in stream:
            acts(value)
            if meter.add():
                os._exit(0)

    faust.Worker(app, loglevel="ERROR").execute_from_commandline()


if __name__ == "__main__":
    main()
