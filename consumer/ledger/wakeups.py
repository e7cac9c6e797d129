"""Receives what the ledger announces (LISTEN), so that new work and new outcomes wait for no sweep.

A notification that is missed, because the connection was away, costs one sweep and nothing else. Where a pooler shares out server
connections by transaction, LISTEN does not work: then both are polled every second.
"""

import asyncio
import threading

import psycopg
import structlog

from consumer.ledger.announcements import EVERY, OUTBOX_CHANNEL, WORK_CHANNEL
from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import why

log = structlog.get_logger()

_LISTEN_FOR = 1.0
_PAUSE = 1.0
_POLL = 1.0
"""Seconds."""


class Wakeups:
    """A thread that listens, from `start` to `stop`. `work` is waited for on the event loop, `outcomes` in a thread."""

    def __init__(self, dsn: Dsn, *, name: str = "provisioner") -> None:
        self._dsn = dsn
        self._name = name
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wakeups", daemon=True)
        self._outcomes = threading.Event()
        self._work = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and wakes all waiters."""
        self._stopping.set()
        self.wake()
        self._thread.join()

    def wake(self) -> None:
        """Wakes all waiters, announcement or not."""
        self._wake(WORK_CHANNEL)
        self._wake(OUTBOX_CHANNEL)

    async def work(self, seconds: float) -> None:
        """Returns when work was announced since the last call, at the latest after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._work.wait()
        except TimeoutError:
            return
        self._work.clear()

    def outcomes(self, seconds: float) -> None:
        """The same for outcomes; blocks."""
        if self._outcomes.wait(seconds):
            self._outcomes.clear()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._dsn.connect(self._name) as session:
                    shared = self._dsn.shared(session)
                    if not shared:
                        self._listen(session)
            except psycopg.Error as error:
                log.warning("listen_connection_lost", error=why(error))
                self._stopping.wait(_PAUSE)
            else:
                if shared:
                    self._poll()

    def _poll(self) -> None:
        log.info("wakeups_polling", seconds=_POLL, why="the database is behind a pooler")
        while not self._stopping.wait(_POLL):
            self.wake()

    def _listen(self, session: psycopg.Connection) -> None:
        for channel in (WORK_CHANNEL, OUTBOX_CHANNEL):
            session.execute(f"LISTEN {channel}".encode())
            self._wake(channel)  # whatever was announced before we listened
        while not self._stopping.is_set():
            heard = self._heard(session, _LISTEN_FOR, stop_after=1)
            if heard:
                # What was committed too soon after an announcement for one of its own.
                for channel in heard | self._heard(session, 2 * EVERY):
                    self._wake(channel)

    def _heard(self, session: psycopg.Connection, seconds: float, *, stop_after: int | None = None) -> set[str]:
        channels = set[str]()
        for notification in session.notifies(timeout=seconds, stop_after=stop_after):
            channels.add(notification.channel)
            self._wake(notification.channel)
        return channels

    def _wake(self, channel: str) -> None:
        if channel == OUTBOX_CHANNEL:
            self._outcomes.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.set)
