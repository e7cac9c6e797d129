"""Events that act: accepted durably, batch by batch."""

from collections.abc import Sequence

from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from bench.skips import flat, intake
from bench.topic import fill_with_acts, institutions

WANTED = 10_000


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """One run, each batch in the ledger before its offsets are committed."""
    topic = parts.name("acts")
    say(f"events that act: {scale.acts:,} …")
    fill_with_acts(parts.kafka, topic, institutions(scale.institutions), scale.acts)
    reading = intake(parts, scale, topic, scale.acts)
    accepted = f"{reading.rate:,.0f}/s, {reading.cpu / reading.events * 1e6:.0f} µs of CPU each"
    return [
        Row("events that act, accepted durably", accepted, f"{WANTED:,}/s", reading.rate >= WANTED),
        flat(f"memory, {scale.acts:,} events that act", reading),
    ]
