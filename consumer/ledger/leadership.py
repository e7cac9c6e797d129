"""One leader over all replicas. It only keeps relays from taking turns at fencing each other: what makes two leaders harmless is the epoch
and Kafka's own fence.

direct, or a dedicated server connection       a lock that PostgreSQL keeps for the session: it goes when the connection does
through a pooler that shares connections       a row that its holder renews: it goes when it was not renewed in time
"""

import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import psycopg
import structlog
from sqlalchemy import Engine, text

from consumer.errors import Unavailable
from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import transaction, why

log = structlog.get_logger()


class AdvisoryLeadership:
    """By an advisory lock. Blocking; for one thread. The session is its own, outside the pool."""

    def __init__(self, dsn: Dsn, name: str) -> None:
        self._dsn = dsn
        self._key = zlib.crc32(name.encode())
        self._session: psycopg.Connection | None = None
        self._leads = False

    def held(self) -> bool:
        """Whether we lead, after trying to where we do not. False where PostgreSQL does not answer."""
        try:
            if self._session is None:
                self._session = self._dsn.connect("provisioner leader")
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


_HOLD = text(
    """
    INSERT INTO leader AS known (name, holder, until) VALUES (:name, :holder, now() + :seconds * interval '1 second')
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
      WHERE known.holder = excluded.holder OR known.until <= now()
    RETURNING holder
    """
)
_RESIGN = text("DELETE FROM leader WHERE name = :name AND holder = :holder")


class LeasedLeadership:
    """By a row of the ledger. Blocking; for one thread. `holder` names this process and no other; `lease` is in seconds."""

    def __init__(
        self,
        engine: Engine,
        name: str,
        *,
        holder: str,
        lease: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._values = {"name": name, "holder": holder}
        self._lease = lease
        self._clock = clock
        self._renew_at = float("-inf")
        self._leads = False

    def held(self) -> bool:
        """Whether we lead, after trying to where we do not. A third of the lease goes by before it asks again."""
        now = self._clock()
        if self._leads and now < self._renew_at:
            return True
        try:
            with transaction(self._engine) as connection:
                self._leads = connection.execute(_HOLD, {**self._values, "seconds": self._lease}).scalar() is not None
        except Unavailable:
            self._leads = False
        self._renew_at = now + self._lease / 3
        return self._leads

    def resign(self) -> None:
        """Lets another one lead: at once, or when the lease is over where PostgreSQL does not answer."""
        if self._leads:
            self._leads = False
            with suppress(Unavailable), transaction(self._engine) as connection:
                connection.execute(_RESIGN, self._values)


class Election:
    """Either of them, as the database is reached. Which one is found out when leadership is first asked for."""

    def __init__(self, dsn: Dsn, name: str, *, engine: Engine, holder: str, lease: float) -> None:
        self._dsn = dsn
        self._advisory = AdvisoryLeadership(dsn, name)
        self._leased = LeasedLeadership(engine, name, holder=holder, lease=lease)
        self._chosen: AdvisoryLeadership | LeasedLeadership | None = None

    def held(self) -> bool:
        if self._chosen is None:
            try:
                with self._dsn.connect("provisioner leader") as session:
                    self._chosen = self._leased if self._dsn.shared(session) else self._advisory
            except psycopg.Error as error:
                log.warning("leader_election_unavailable", error=why(error))
                return False
        return self._chosen.held()

    def resign(self) -> None:
        if self._chosen is not None:
            self._chosen.resign()
