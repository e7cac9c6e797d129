"""Commits that others are to hear of, against commits that they are not."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, text

from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from consumer.ledger.announcements import OUTBOX_CHANNEL, Announcements
from consumer.ledger.engine import open_engine, transaction

_COMMITTERS = 8
_SECONDS = 3.0
_KEEPS = 0.9
_WRITE = text(
    "INSERT INTO relay (name, epoch, batch, published) VALUES (:name, 0, 0, 0) ON CONFLICT (name) DO UPDATE SET epoch = 1"
)


def measure(parts: Parts, _scale: Scale) -> Sequence[Row]:
    """Several committers, each with a row of its own; in turn, so that the machine's noise is shared."""
    say("commits: with and without announcements …")
    engine = open_engine(parts.database, pool_size=2 * _COMMITTERS)
    announcements = Announcements(engine, OUTBOX_CHANNEL)
    without, announced = 0.0, 0.0
    for _ in range(2):
        without += _rate(engine, lambda: None)
        announced += _rate(engine, announcements.committed)
    engine.dispose()
    shown = f"{announced / 2:,.0f}/s, {announced / without:.2f} of those without"
    return [
        Row(
            f"commits that are announced, {_COMMITTERS} committers",
            shown,
            f"{_KEEPS} or more",
            announced >= _KEEPS * without,
        )
    ]


def _rate(engine: Engine, committed: Callable[[], None]) -> float:
    until = time.perf_counter() + _SECONDS

    def commits(number: int) -> int:
        count = 0
        while time.perf_counter() < until:
            with transaction(engine) as connection:
                connection.execute(_WRITE, {"name": f"bench-{number}"})
            committed()
            count += 1
        return count

    with ThreadPoolExecutor(_COMMITTERS) as threads:
        return sum(threads.map(commits, range(_COMMITTERS))) / _SECONDS
