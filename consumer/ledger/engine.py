"""Connections to PostgreSQL, and what their failures mean. psycopg 3 is the only driver; all calls block.

A direct connection has our limits for its whole session. One through a pooler has them for each transaction, set by the statement that
begins it, and no prepared statements: neither costs a round trip more. No limit is asked for as the connection starts (`options`), which
PgBouncer refuses.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from consumer.errors import Unavailable
from consumer.ledger.dsn import Dsn
from consumer.ledger.faults import Locked, Refused

_AWAY = ("08", "53", "57")
"""SQLSTATE classes: connection, resources (disk full, too many connections), operator's intervention (shutdown, timeouts)."""

_LOCKED = "55P03"
_READ_ONLY = "25006"
_AGAIN = {"40001", "40P01", _LOCKED, _READ_ONLY, "25P03"}
"""Serialisation, deadlock, lock not available, read-only (a replica that was promoted or not yet), idle in transaction."""

_LIMITS: Mapping[str, str] = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "30s",
}
_BEGIN = "begins a transaction with our limits"
"""Where a pooled connection keeps how."""

_LONGEST = 600


def open_engine(dsn: Dsn | str, *, pool_size: int = 8, name: str = "provisioner") -> Engine:
    """A pool of connections. Nothing connects before the first use. Raises ValueError where `dsn` is a URL that can't be used.

    Statements are bounded (15 s), so are waits for locks (5 s) and for a connection (10 s): a database that hangs counts as unavailable.
    """
    dsn = Dsn.parse(dsn) if isinstance(dsn, str) else dsn
    engine = create_engine(
        "postgresql+psycopg://",
        connect_args={**dsn.arguments(name), "autocommit": True},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_use_lifo=True,
        use_native_hstore=False,
        hide_parameters=True,  # they hold names and addresses, and an error's text may be logged
    )
    limits = _Limits(dsn)
    event.listen(engine, "connect", limits.connected)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _leave_read_only)
    return engine


def connections_in_use(engine: Engine) -> int:
    """Of its pool, now. Does not block."""
    pool = engine.pool
    return pool.checkedout() if isinstance(pool, QueuePool) else 0


class _Limits:
    """Our limits on statements, but those that the URL's `options` give."""

    def __init__(self, dsn: Dsn) -> None:
        self._dsn = dsn
        limits = {name: value for name, value in _LIMITS.items() if name not in dsn.own_settings}
        self._begin = "; ".join(["BEGIN", *(f"SET LOCAL {name} = '{value}'" for name, value in limits.items())])
        self._names, self._values = list(limits), list(limits.values())

    def connected(self, session: psycopg.Connection, record: Any) -> None:  # noqa: ANN401  SQLAlchemy's
        """Finds out what kind of connection this is, and gives a direct one its limits."""
        try:
            if self._dsn.shared(session):
                record.info[_BEGIN] = self._begin
                session.prepare_threshold = None
                return
            if self._names:
                session.execute(_SET, (self._names, self._values))
            session.autocommit = False
        except psycopg.Error:
            session.close()
            raise


_SET = "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS wanted(name, value)"


def _begin(connection: Connection) -> None:
    begin = connection.info.get(_BEGIN)
    if begin:
        connection.exec_driver_sql(begin)


def _leave_read_only(context: ExceptionContext) -> None:
    """A server that has become read-only is left by every connection: after a failover, the next one finds the new primary."""
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True


@contextmanager
def transaction(engine: Engine) -> Generator[Connection]:
    """One transaction: committed at the end, rolled back by any exception. Raises `Unavailable` where the database is.

    Raises `Locked` where a wait for a lock took too long. A commit whose answer was lost raises `Unavailable` too, and may have been
    carried out.
    """
    with translated(), engine.begin() as connection:
        yield connection


@contextmanager
def translated() -> Generator[None]:
    """Turns failures that pass, or that a person must end, into `Unavailable`; programming errors stay what they are."""
    try:
        yield
    except PoolTimeoutError as error:
        raise Unavailable("All connections to PostgreSQL are in use.") from error
    except DBAPIError as error:
        if right := remedy(error):
            raise Refused(f"PostgreSQL refuses ({why(error.orig)}). {right}") from error
        if not passes(error):
            raise
        if _state(error) == _LOCKED:
            raise Locked("Another transaction holds a lock that is needed.") from error
        raise Unavailable(f"PostgreSQL does not answer ({why(error.orig)}).") from error


def passes(error: DBAPIError) -> bool:
    """Whether this failure is of the kind that goes away by itself."""
    state = _state(error)
    if error.connection_invalidated or state is None:
        return True
    return state[:2] in _AWAY or state in _AGAIN


_REFUSALS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r'database "[^"]*" does not exist|no such database', re.IGNORECASE),
        "Create the database, or correct its name in `database.url`.",
    ),
    (
        re.compile(r'role "[^"]*" (?:does not exist|is not permitted to log in)|no such user', re.IGNORECASE),
        "Create the role with LOGIN, or correct the user in `database.url`.",
    ),
    (
        re.compile(
            r"(?:password|SASL|PAM|LDAP|RADIUS|certificate|peer|ident|GSSAPI|SSPI) authentication failed|no password supplied"
            r"|auth failed|wrong password",
            re.IGNORECASE,
        ),
        "Correct the user in `database.url`, or what `database.password` refers to.",
    ),
    (
        re.compile(r"pg_hba\.conf (?:entry|rejects)", re.IGNORECASE),
        "Let this user come from this host (pg_hba.conf), with or without TLS as `sslmode` in `database.url` says.",
    ),
    (
        re.compile(r"permission denied for database", re.IGNORECASE),
        "Grant the role CONNECT on the database, and CREATE and USAGE on its schema: docs/operations.md.",
    ),
    (
        re.compile(
            r"does not support SSL|certificate verify failed|root certificate file|server certificate", re.IGNORECASE
        ),
        "Correct `sslmode` or `sslrootcert` in `database.url`, or the server's certificate.",
    ),
    (
        re.compile(r"unsupported startup parameter", re.IGNORECASE),
        "The pooler does not pass this on: remove it from `database.url`, or list it under the pooler's `ignore_startup_parameters`.",
    ),
)
"""What servers and poolers say as a connection starts, which has no SQLSTATE (libpq keeps the text alone), and what to do.

A server whose `lc_messages` is another language than English is waited for instead, with its words.
"""
_PRIVILEGE = "42501"
_NO_SCHEMA = "3F000"


def remedy(error: DBAPIError) -> str | None:
    """What a person must do, as a sentence, where the failure does not pass by itself."""
    state = _state(error)
    if state == _PRIVILEGE:
        return "Grant the role what it needs: docs/operations.md says what that is."
    if state == _NO_SCHEMA:
        return "Create the schema, or correct the role's `search_path`."
    return advice(str(error.orig)) if state is None or state[:2] == "08" else None


def advice(text: str) -> str | None:
    """What to do about a connection that was not accepted; None where waiting may help."""
    return next((what for pattern, what in _REFUSALS if pattern.search(text)), None)


def _state(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def why(error: BaseException | None) -> str:
    """The error's class, and what server or libpq say: the whole text where a connection fails, which quotes no data.

    Of a statement's failure only the primary message, and only in those classes in which it quotes none.
    """
    kind = type(error).__name__
    if not isinstance(error, psycopg.Error):
        return kind
    state = error.sqlstate
    said = str(error) if state is None else error.diag.message_primary if _is_safe(state) else None
    return f"{kind}: {' '.join(said.split())[:_LONGEST]}" if said else kind


def _is_safe(state: str) -> bool:
    return state[:2] in _AWAY or state in {_READ_ONLY, _PRIVILEGE, _NO_SCHEMA}
