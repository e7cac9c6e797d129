"""What a database's failures mean: those that pass are waited out, defects are not hidden."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from consumer.errors import Unavailable
from consumer.ledger.engine import advice, connections_in_use, open_engine, passes, transaction
from consumer.ledger.faults import Locked, Refused


@pytest.mark.parametrize(
    "kind",
    [
        psycopg.errors.SerializationFailure,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.LockNotAvailable,
        psycopg.errors.AdminShutdown,
        psycopg.errors.CannotConnectNow,
        psycopg.errors.TooManyConnections,
        psycopg.errors.DiskFull,
        psycopg.errors.QueryCanceled,
        psycopg.errors.ReadOnlySqlTransaction,
        psycopg.OperationalError,
    ],
)
def test_failures_that_go_away_by_themselves_pass(kind: type[psycopg.Error]) -> None:
    assert passes(DBAPIError("SELECT 1", None, kind("x")))


@pytest.mark.parametrize(
    "kind", [psycopg.errors.UndefinedTable, psycopg.errors.NotNullViolation, psycopg.errors.SyntaxError]
)
def test_defects_do_not_pass(kind: type[psycopg.Error]) -> None:
    assert not passes(ProgrammingError("SELECT 1", None, kind("x")))


def test_a_server_that_is_not_there_is_unavailable() -> None:
    engine = open_engine("postgresql://stranger@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="Connection refused"), transaction(engine):
        pass


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def run(engine: Engine, *statements: str) -> None:
    with transaction(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))


@pytest.mark.parts
def test_a_lock_that_is_not_given_in_time_is_distinguished_from_a_server_that_is_unavailable(engine: Engine) -> None:
    lock = "SELECT pg_advisory_xact_lock(1)"
    with engine.begin() as other:
        other.execute(text(lock))
        with pytest.raises(Locked):
            run(engine, "SET LOCAL lock_timeout = 1", lock)


@pytest.mark.parts
def test_what_the_server_says_of_its_own_state_is_passed_on(engine: Engine) -> None:
    with pytest.raises(Unavailable, match="QueryCanceled: canceling statement due to statement timeout"):
        run(engine, "SET LOCAL statement_timeout = 1", "SELECT pg_sleep(10)")


@pytest.mark.parts
def test_what_the_server_says_of_a_row_is_not_passed_on(engine: Engine) -> None:
    with pytest.raises(Unavailable) as fault:
        run(engine, "DO $$ BEGIN RAISE 'maria' USING ERRCODE = '40001'; END $$")
    assert "maria" not in str(fault.value)


@pytest.mark.parts
def test_statements_of_a_direct_connection_are_bounded(engine: Engine) -> None:
    with transaction(engine) as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "15s"


@pytest.mark.parts
def test_a_users_own_bound_holds(database_url: str) -> None:
    engine = open_engine(f"{database_url}?options=-c%20statement_timeout%3D7s")
    with transaction(engine) as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "7s"
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "5s"
    engine.dispose()


@pytest.mark.parts
def test_a_server_that_became_read_only_is_left(engine: Engine) -> None:
    with transaction(engine) as connection:
        first = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with pytest.raises(Unavailable, match="read-only"):
        run(engine, "SET TRANSACTION READ ONLY", "CREATE TABLE x ()")
    with transaction(engine) as connection:
        assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != first


@pytest.mark.parts
def test_a_database_that_does_not_exist_is_refused_with_advice(database_url: str) -> None:
    engine = open_engine(f"{database_url}-nope")
    with pytest.raises(Refused, match=r'database "\w+-nope" does not exist.* Create the database'):
        run(engine, "SELECT 1")


@pytest.mark.parts
def test_a_missing_privilege_is_refused_with_advice(engine: Engine, unique_name: str) -> None:
    create, drop = f"CREATE TABLE kept (); CREATE ROLE {unique_name}", f"DROP ROLE {unique_name}"
    run(engine, create)
    with pytest.raises(Refused, match=r"permission denied for table kept.* Grant the role"):
        run(engine, f"SET LOCAL ROLE {unique_name}", "SELECT * FROM kept")
    run(engine, drop)


@pytest.mark.parametrize(
    ("text", "advised"),
    [
        ('FATAL:  role "x" does not exist', "Create the role"),
        ('FATAL:  role "x" is not permitted to log in', "LOGIN"),
        ('FATAL:  password authentication failed for user "x"', "database.password"),
        ("connection failed: fe_sendauth: no password supplied", "database.password"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "x", database "d", no encryption', "pg_hba.conf"),
        ('FATAL:  permission denied for database "d"', "CONNECT"),
        ("server does not support SSL, but SSL was required", "sslmode"),
        ("SSL error: certificate verify failed", "sslrootcert"),
        ("FATAL:  no such database: d", "Create the database"),
        ("FATAL:  unsupported startup parameter: options", "pooler"),
    ],
)
def test_a_connection_that_no_waiting_would_bring_about_has_advice(text: str, advised: str) -> None:
    assert advised in (advice(text) or "")


@pytest.mark.parametrize(
    "text",
    [
        "connection failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?",
        "FATAL:  the database system is starting up",
        "FATAL:  sorry, too many clients already",
        "connection timeout expired",
        "session is read-only",
        'connection to server on socket "/run/.s.PGSQL.5432" failed: Permission denied',
    ],
)
def test_what_passes_by_itself_has_none(text: str) -> None:
    assert advice(text) is None


@pytest.mark.parts
def test_connections_are_in_use_while_a_transaction_has_them(engine: Engine) -> None:
    assert connections_in_use(engine) == 0
    with transaction(engine), transaction(engine):
        assert connections_in_use(engine) == 2
    assert connections_in_use(engine) == 0
