"""The ledger's history, and the way to its newest form."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from consumer.errors import Stop
from consumer.ledger.engine import transaction

_HERE = Path(__file__).parent
_LOCK = 7_286_011_411  # any number that nobody else uses: replicas that start together migrate one after the other


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest form; does nothing where it is there. Raises `Unavailable`."""
    config = _config()
    with transaction(engine) as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Raises `Stop` where the database is not in the form that this version works with; `Unavailable` where it is away."""
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    with transaction(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found != wanted:
        raise Stop(
            f"The database is at revision {found or 'none'}, this version works with {wanted}. Run `provisioner db upgrade`, "
            "or set `database.migrate_at_start`."
        )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
