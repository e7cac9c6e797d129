"""The migrations make exactly the tables that the code works with."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from consumer.errors import Stop
from consumer.ledger.claims import Claims
from consumer.ledger.engine import open_engine
from consumer.ledger.form import Form, form_of, newest, require_current
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.migrations import upgrade
from consumer.ledger.port.work import Room
from consumer.ledger.tables import metadata
from tests.ledger.conftest import TOPIC, arrival, event

pytestmark = pytest.mark.parts


def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_newest_revision_is_the_one_that_alembic_upgrades_to(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == newest()
        assert form_of(connection) is Form.CURRENT
    engine.dispose()


def test_replicas_that_migrate_at_once_do_not_meet(database_url: str) -> None:
    engine = open_engine(database_url)
    with ThreadPoolExecutor(4) as replicas:
        list(replicas.map(upgrade, [engine] * 4))
    require_current(engine)
    engine.dispose()


def test_a_database_that_was_never_migrated_stops_the_service_with_what_to_do(database_url: str) -> None:
    engine = open_engine(database_url)
    with pytest.raises(Stop, match="provisioner db upgrade"):
        require_current(engine)
    engine.dispose()


def test_a_version_continues_with_the_database_of_the_next(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of the next version'"))
    upgrade(engine)
    require_current(engine)
    engine.dispose()


def test_columns_that_the_next_version_adds_do_not_disturb_this_one(database_url: str) -> None:
    engine = open_engine(database_url, pool_size=2)
    upgrade(engine)
    inbox, claims = PostgresInbox(engine), Claims(engine)
    epochs = {(TOPIC, partition): owned.epoch for partition, owned in inbox.own(TOPIC, [0], owner="me").items()}

    def one_student(number: int) -> None:
        one = event(f"e{number}", student_id=f"s{number}")
        inbox.accept([arrival(one)], epochs=epochs)
        (job,) = claims.claim({"north": Room(1)}, lease=60, worker="w")
        assert job.desired.event == one

    for number in range(10):  # psycopg prepares what it has executed five times
        one_student(number)
    next_version = open_engine(database_url)
    with next_version.begin() as connection:
        for table in metadata.tables:
            connection.execute(text(f"ALTER TABLE {table} ADD COLUMN added text"))
    one_student(10)
    next_version.dispose()
    engine.dispose()
