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
from sqlalchemy import Connection, Engine, text

from consumer.errors import Unavailable
from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import transaction, why

log = structlog.get_logger()

_SESSION = "provisioner leader"
"""What the sessions that hold a lock are named at the server; the holder follows."""


def lock_key(name: str) -> int:
    """The number of the advisory lock for a leader of this name."""
    return zlib.crc32(name.encode())


class AdvisoryLeadership:
    """By an advisory lock. Blocking; for one thread. The session is its own, outside the pool, and names `holder` to the server."""

    def __init__(self, dsn: Dsn, name: str, *, holder: str = "") -> None:
        self._dsn = dsn
        self._key = lock_key(name)
        self._session_name = f"{_SESSION} {holder}".strip()
        self._session: psycopg.Connection | None = None
        self._leads = False

    def held(self) -> bool:
        """Whether we lead, after trying to where we do not. False where PostgreSQL does not answer."""
        try:
            if self._session is None:
                self._session = self._dsn.connect(self._session_name)
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


# A lock on one number of 64 bits is listed as its two halves; the name is cut off at 63 bytes by the server.
_LEASED = text("SELECT holder FROM leader WHERE name = :name AND until > now()")
_LOCKED = text(
    f"""
    SELECT coalesce(nullif(btrim(replace(a.application_name, '{_SESSION}', '')), ''), host(a.client_addr), 'unknown') AS holder
    FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.classid = 0 AND l.objid = CAST(:key AS bigint)::oid
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    """  # noqa: S608  a constant of ours
)


def leader_of(connection: Connection, name: str) -> str | None:
    """Who leads under this name, by a row or a lock; None where no process does."""
    leased = connection.execute(_LEASED, {"name": name}).scalar()
    return leased or connection.execute(_LOCKED, {"key": lock_key(name)}).scalar()


class Election:
    """Either of them, as the database is reached. Which one is found out when leadership is first asked for."""

    def __init__(self, dsn: Dsn, name: str, *, engine: Engine, holder: str, lease: float) -> None:
        self._dsn = dsn
        self._advisory = AdvisoryLeadership(dsn, name, holder=holder)
        self._leased = LeasedLeadership(engine, name, holder=holder, lease=lease)
        self._chosen: AdvisoryLeadership | LeasedLeadership | None = None

    def held(self) -> bool:
        if self._chosen is None:
            try:
                with self._dsn.connect(_SESSION) as session:
                    self._chosen = self._leased if self._dsn.shared(session) else self._advisory
            except psycopg.Error as error:
                log.warning("leader_election_unavailable", error=why(error))
                return False
        return self._chosen.held()

    def resign(self) -> None:
        if self._chosen is not None:
            self._chosen.resign()
