"""Events that do nothing: the intake against the bare loop, and against the peers, on one topic, in turn."""

import statistics
from collections.abc import Mapping, Sequence

from bench.contestants import Peer
from bench.parts import Parts, say
from bench.reading import Reading, take
from bench.row import Row
from bench.scale import Scale
from bench.topic import fill_with_skips, institutions

FLAT = 1.1
_BARE, _OURS = "the bare loop", "the intake"


def measure(parts: Parts, scale: Scale, peers: Sequence[Peer] = ()) -> Sequence[Row]:
    """Several rounds; ratios are taken within a round, since machines drift. Then the intake's memory over all events."""
    topic = parts.name("skips")
    say(f"events that do nothing: writing {scale.many:,} …")
    fill_with_skips(parts.kafka, topic, institutions(scale.institutions), scale.many)
    taken: dict[str, list[Reading]] = {}
    for number in range(scale.rounds):
        say(f"events that do nothing: round {number + 1} of {scale.rounds}, {scale.skips:,} each …")
        environ = {"KAFKA_BOOTSTRAP_SERVERS": parts.kafka, "TOPIC": topic, "COUNT": scale.skips}
        readings = {_BARE: take("bench.peers.bare", **environ), _OURS: intake(parts, scale, topic, scale.skips)}
        readings |= {peer.name: peer.take(**environ) for peer in peers}
        for name, reading in readings.items():
            say(f"  {name}: {reading.rate:,.0f}/s")
            taken.setdefault(name, []).append(reading)
    say(f"memory over {scale.many:,} events that do nothing …")
    whole = intake(parts, scale, topic, scale.many)
    return [*(_row(name, taken) for name in taken), flat(f"memory, {scale.many:,} events that do nothing", whole)]


def intake(parts: Parts, scale: Scale, topic: str, count: int) -> Reading:
    """One run of our intake."""
    words = (parts.kafka, parts.database, topic, str(count), str(scale.institutions))
    return take("bench.intake", *words)


def flat(what: str, reading: Reading) -> Row:
    """The row that says how memory went."""
    early, late = reading.memory_early / 1e6, reading.memory_late / 1e6
    measured = f"{late:.0f} MB at the end, {early:.0f} MB after a quarter: {reading.growth:.2f}"
    return Row(what, measured, f"flat ({FLAT} or less)", reading.growth <= FLAT)


def _row(name: str, taken: Mapping[str, Sequence[Reading]]) -> Row:
    ratio = statistics.median(one.rate / bare.rate for one, bare in zip(taken[name], taken[_BARE], strict=True))
    rate = statistics.median(one.rate for one in taken[name])
    cpu = statistics.median(one.cpu / one.events for one in taken[name])
    measured = f"{rate:,.0f}/s, {ratio:.2f} of the bare loop; {cpu * 1e6:.1f} µs of CPU each"
    if name == _OURS:
        return Row(f"events that do nothing: {name}", measured, "1 or more of the bare loop", ratio >= 1)
    return Row(f"events that do nothing: {name}", measured)
