"""What a database's failures mean: those that pass are waited out, defects are not hidden."""

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError, ProgrammingError

from consumer.errors import Unavailable
from consumer.ledger.engine import driver_url, open_engine, passes, transaction


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


def test_another_database_than_postgresql_is_refused() -> None:
    with pytest.raises(ValueError, match="must be PostgreSQL"):
        driver_url("sqlite:///x")
