"""The ledger's history, and the way to its newest form.

A revision only adds: the version before it keeps working beside the new one, and may be started again in its form.
"""

from enum import Enum, auto
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from consumer.errors import Stop
from consumer.ledger.engine import transaction

_HERE = Path(__file__).parent
_LOCK = 7_286_011_411  # any number that is not used elsewhere: replicas that start together migrate one after the other


class Form(Enum):
    """How a database stands to the form that this version works with. It works with a newer one too."""

    NONE = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest form; does nothing where it is there, or further. Raises `Unavailable`."""
    config = _config()
    script = ScriptDirectory.from_config(config)
    with transaction(engine) as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _is_newer(_revision(connection), script):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Raises `Stop` where the database is not yet in the form that this version works with; `Unavailable` where it does not answer."""
    script = ScriptDirectory.from_config(_config())
    wanted = script.get_current_head()
    with transaction(engine) as connection:
        found = _revision(connection)
    if found != wanted and not _is_newer(found, script):
        raise Stop(
            f"The database is at revision {found or 'none'}, this version works with {wanted}. Run `provisioner db upgrade`, "
            "or set `database.migrate_at_start`."
        )


def newest() -> str:
    """The revision that this version works with."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def form_of(connection: Connection) -> Form:
    """The database's form; changes nothing."""
    script = ScriptDirectory.from_config(_config())
    found = _revision(connection)
    if found is None:
        return Form.NONE
    if found == script.get_current_head():
        return Form.CURRENT
    return Form.NEWER if _is_newer(found, script) else Form.OLDER


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_newer(found: str | None, script: ScriptDirectory) -> bool:
    """Whether a newer version has been here: what this one does not know lies ahead of it."""
    return found is not None and found not in {revision.revision for revision in script.walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
