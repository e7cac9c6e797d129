"""What the peers make of slow calls: one of 100 ms for each event. They remember none; the service's own calls are in `accounts`."""

from collections.abc import Sequence

from bench.contestants import callers, stub
from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from bench.topic import fill_with_acts, institutions

_IN_FLIGHT = 500


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """Each peer once, over the same topic."""
    topic = parts.name("calls")
    fill_with_acts(parts.kafka, topic, institutions(scale.institutions), scale.calls)
    rows: list[Row] = []
    for peer in callers():
        say(f"calls: {peer.name}, {scale.calls:,} …")
        with stub() as url:
            environ = {"KAFKA_BOOTSTRAP_SERVERS": parts.kafka, "TOPIC": topic, "COUNT": scale.calls}
            reading = peer.take(**environ, STUB=url, IN_FLIGHT=_IN_FLIGHT)
        rows.append(Row(f"calls of 100 ms: {peer.name}", f"{reading.rate:,.0f} calls/s, remembering none"))
    return rows
