"""One leader over all replicas, by a lock that PostgreSQL keeps for a session: it goes when the connection does.

The lock only keeps relays from taking turns at fencing each other. What makes two leaders harmless is the epoch and Kafka's own fence.
"""

import zlib

import psycopg

from consumer.ledger.engine import driver_url


class AdvisoryLeadership:
    """Blocking; for one thread. The session is its own, outside the pool."""

    def __init__(self, url: str, name: str, *, password: str | None = None) -> None:
        self._url = driver_url(url, password).set(drivername="postgresql").render_as_string(hide_password=False)
        self._key = zlib.crc32(name.encode())
        self._session: psycopg.Connection | None = None
        self._leads = False

    def held(self) -> bool:
        """Whether we lead, after trying to where we do not. False where PostgreSQL does not answer."""
        try:
            if self._session is None:
                self._session = psycopg.connect(self._url, autocommit=True, connect_timeout=5, tcp_user_timeout=20_000)
            if self._leads:
                self._session.execute("SELECT 1")
            else:
                row = self._session.execute("SELECT pg_try_advisory_lock(%s)", (self._key,)).fetchone()
                self._leads = bool(row and row[0])
        except psycopg.Error:
            self.resign()
        return self._leads

    def resign(self) -> None:
        """Lets another one lead."""
        self._leads = False
        if self._session is not None:
            self._session.close()
            self._session = None
