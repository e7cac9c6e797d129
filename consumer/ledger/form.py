"""The form of the database's tables: the revision that it is at, and that which this version works with.

Read without Alembic, which only an upgrade needs: importing it takes longer than most commands.
"""

from enum import Enum, auto
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from consumer.errors import Stop
from consumer.ledger.engine import transaction

_REVISIONS = Path(__file__).parent / "migrations" / "versions"


class Form(Enum):
    """How a database stands to the form that this version works with. It works with a newer one too."""

    NONE = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


def require_current(engine: Engine) -> None:
    """Raises `Stop` where the database is not yet in the form that this version works with; `Unavailable` where it does not answer."""
    with transaction(engine) as connection:
        found = _revision(connection)
    if _form(found) in {Form.NONE, Form.OLDER}:
        raise Stop(
            f"The database is at revision {found or 'none'}, this version works with {newest()}. Run `provisioner db upgrade`, "
            "or set `database.migrate_at_start`."
        )


def form_of(connection: Connection) -> Form:
    """The database's form; changes nothing."""
    return _form(_revision(connection))


def newest() -> str:
    """The revision that this version works with."""
    return max(_known())


def _form(found: str | None) -> Form:
    if found is None:
        return Form.NONE
    if found == newest():
        return Form.CURRENT
    return Form.OLDER if found in _known() else Form.NEWER


def _revision(connection: Connection) -> str | None:
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


@cache
def _known() -> frozenset[str]:
    """Revisions number from 0001 on, without branches; each is in a file of its number."""
    return frozenset(path.name.partition("_")[0] for path in _REVISIONS.glob("[0-9]*.py"))
