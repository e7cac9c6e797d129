"""The migrations make exactly the tables that the code works with."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from consumer.errors import Stop
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import require_current, upgrade
from consumer.ledger.tables import metadata

pytestmark = pytest.mark.parts


def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
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
