"""Behind PgBouncer in either mode: nothing that a session would have to keep, and the same limits."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from consumer.errors import Unavailable
from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine, transaction
from consumer.ledger.form import require_current
from consumer.ledger.migrations import upgrade
from testbed.parts.pgbouncer import PgBouncer

pytestmark = pytest.mark.parts

LIMITS = text(
    "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
    "current_setting('idle_in_transaction_session_timeout')"
)


@pytest.fixture
def engine(pooler: PgBouncer) -> Iterator[Engine]:
    engine = open_engine(pooler.url())
    yield engine
    engine.dispose()


@pytest.fixture
def direct(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as session:
        yield session


def run(engine: Engine, *statements: str) -> None:
    with transaction(engine) as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_pooler_is_seen(pooler: PgBouncer) -> None:
    dsn = Dsn.parse(pooler.url())
    with dsn.connect("test") as session:
        assert dsn.shared(session)


def test_what_is_said_about_a_pooler_holds(pooler: PgBouncer) -> None:
    dsn = Dsn.parse(pooler.url(), pooler="session")
    with dsn.connect("test") as session:
        assert not dsn.shared(session)


def test_the_ledger_is_made_and_looked_at(engine: Engine) -> None:
    upgrade(engine)
    require_current(engine)


def test_every_transaction_has_our_limits(engine: Engine) -> None:
    for _ in range(2):
        with transaction(engine) as connection:
            assert tuple(connection.execute(LIMITS).one()) == ("15s", "5s", "30s")


def test_our_limits_are_not_left_to_other_users_of_the_pool(engine: Engine, pooler: PgBouncer) -> None:
    with transaction(engine) as connection:
        connection.execute(LIMITS)
    with psycopg.connect(pooler.url()) as session:
        row = session.execute("SHOW statement_timeout").fetchone()
    assert row == ("0",)


def test_what_fails_is_rolled_back_whole(engine: Engine, direct: psycopg.Connection) -> None:
    direct.execute("CREATE TABLE kept (id int)")
    with pytest.raises(DBAPIError):
        run(engine, "INSERT INTO kept VALUES (1)", "SELECT 1 / 0")
    run(engine, "INSERT INTO kept VALUES (2)")
    assert direct.execute("SELECT id FROM kept").fetchall() == [(2,)]


def test_a_statement_that_is_repeated_is_not_prepared(engine: Engine) -> None:
    for _ in range(7):  # psycopg prepares what it has executed five times
        with transaction(engine) as connection:
            connection.execute(text("SELECT CAST(:n AS int)"), {"n": 1})
            assert connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one() == 0


def test_a_pooler_that_ended_is_unavailable_and_its_next_life_is_used(engine: Engine, pooler: PgBouncer) -> None:
    run(engine, "SELECT 1")
    pooler.kill()
    with pytest.raises(Unavailable):
        run(engine, "SELECT 1")
    pooler.start()
    run(engine, "SELECT 1")
