"""Announcements (NOTIFY) of what was committed, so that a loop that waits need not wait for its sweep.

PostgreSQL commits transactions with a NOTIFY one after the other, whatever they wrote. So an announcement is a transaction of its own,
after the commit and without waiting for the disk, and there is one for many commits: those that follow it closely are found by the second
look that each announcement causes (`wakeups`).
"""

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy import Engine, text

from consumer.errors import Unavailable
from consumer.ledger.engine import transaction

log = structlog.get_logger()

WORK_CHANNEL = "provisioner_work"
OUTBOX_CHANNEL = "provisioner_outbox"

EVERY = 0.05
"""Seconds between two announcements of one process."""

_NOTIFY = text("SELECT set_config('synchronous_commit', 'off', true), pg_notify(:channel, '')")


class Announcements:
    """On one channel. From any thread; `clock` is in seconds."""

    def __init__(self, engine: Engine, channel: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._channel = channel
        self._clock = clock
        self._lock = threading.Lock()
        self._last = float("-inf")

    def committed(self) -> None:
        """There is something to be found. Blocks for a round trip at most; where the database is unavailable, the sweep finds it."""
        with self._lock:
            now = self._clock()
            if now - self._last < EVERY:
                return
            self._last = now
        try:
            with transaction(self._engine) as connection:
                connection.execute(_NOTIFY, {"channel": self._channel})
        except Unavailable as fault:
            log.debug("announcement_lost", channel=self._channel, why=str(fault))
