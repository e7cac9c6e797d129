"""What a database's failures mean: those that pass are waited out, defects are not hidden."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from consumer.errors import Unavailable
from consumer.ledger.engine import Locked, driver_url, open_engine, passes, transaction


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
    engine = open_engine("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable), transaction(engine):
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
def test_a_lock_that_is_not_given_in_time_is_told_from_a_server_that_is_away(engine: Engine) -> None:
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


def test_another_database_than_postgresql_is_refused() -> None:
    with pytest.raises(ValueError, match="must be PostgreSQL"):
        driver_url("sqlite:///x")
