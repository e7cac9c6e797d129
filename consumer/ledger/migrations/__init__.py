"""The ledger's history, and the way to its newest form.

A revision only adds: the version before it keeps working beside the new one, and may be started again in its form.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from consumer.ledger.engine import transaction
from consumer.ledger.form import Form, form_of

_HERE = Path(__file__).parent
_LOCK = 7_286_011_411  # any number that is not used elsewhere: replicas that start together migrate one after the other


def upgrade(engine: Engine) -> None:
    """Brings the database to the newest form; does nothing where it is there, or further. Raises `Unavailable`."""
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    with transaction(engine) as connection:
        connection.execute(text("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '10min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if form_of(connection) is Form.NEWER:
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
