"""Connections to PostgreSQL, and what their failures mean. psycopg 3 is the only driver; all calls block."""

from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from consumer.errors import Unavailable

_AWAY = ("08", "53", "57")
"""SQLSTATE classes: connection, resources (disk full, too many connections), operator's intervention (shutdown, timeouts)."""

_LOCKED = "55P03"
_AGAIN = {"40001", "40P01", _LOCKED, "25006", "25P03"}
"""Serialisation, deadlock, lock not available, read-only (a replica that was promoted or not yet), idle in transaction."""


class Locked(Unavailable):
    """Another transaction holds a row that this one needs, and did not end in time. Nothing was written."""


def driver_url(url: str, password: str | None = None) -> URL:
    """`postgresql://…` as a URL for psycopg. Raises ValueError where it is none."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise ValueError("the database must be PostgreSQL: postgresql://user@host:port/database")
    parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.set(password=password) if password else parsed


def open_engine(url: str, *, password: str | None = None, pool_size: int = 8, name: str = "provisioner") -> Engine:
    """A pool of connections. Nothing connects before the first use.

    Statements are bounded (15 s), so are waits for locks (5 s) and for a connection (10 s): a database that hangs is one that is away.
    """
    settings = {"statement_timeout": "15s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}
    return create_engine(
        driver_url(url, password),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        connect_args={
            "application_name": name,
            "connect_timeout": 5,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 20_000,
            "options": " ".join(f"-c {key}={value}" for key, value in settings.items()),
        },
    )


@contextmanager
def transaction(engine: Engine) -> Generator[Connection]:
    """One transaction: committed at the end, rolled back by any exception. Raises `Unavailable` where the database is away.

    Raises `Locked` where a wait for a lock took too long. A commit whose answer was lost raises `Unavailable` too, and may have been
    carried out.
    """
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def translated() -> Generator[None]:
    """Turns failures that pass into `Unavailable`; programming errors stay what they are."""
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("All connections to PostgreSQL are in use.") from error
    except DBAPIError as error:
        if not passes(error):
            raise
        if _state(error) == _LOCKED:
            raise Locked("Another transaction holds a lock that is needed.") from error
        raise Unavailable(f"PostgreSQL does not answer ({_why(error)}).") from error


def passes(error: DBAPIError) -> bool:
    """Whether this failure is of the kind that goes away by itself."""
    state = _state(error)
    if error.connection_invalidated or state is None:
        return True
    return state[:2] in _AWAY or state in _AGAIN


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def _why(error: DBAPIError) -> str:
    """The error's class; for the server's own state also its primary message, which in these classes quotes no data."""
    kind, state = type(error.orig).__name__, _state(error)
    said = error.orig.diag.message_primary if isinstance(error.orig, psycopg.Error) else None
    return f"{kind}: {said}" if said and state and state[:2] in _AWAY else kind
