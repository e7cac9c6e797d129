"""Reads the ledger's form, and what this user may do with its tables. Blocking; writes nothing, not even a lock."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine, remedy, why
from consumer.ledger.form import Form, form_of
from consumer.ledger.privileges import PRIVILEGES
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.database import Ledger, of_ledger, of_unusable
from consumer.secrets import SecretOpener
from consumer.settings import DatabaseSettings

_LACKING = text(
    """
    SELECT wanted.name, wanted.privilege
    FROM unnest(CAST(:names AS text[]), CAST(:privileges AS text[])) AS wanted(name, privilege)
    WHERE to_regclass(quote_ident(wanted.name)) IS NOT NULL
      AND NOT has_table_privilege(to_regclass(quote_ident(wanted.name)), wanted.privilege)
    ORDER BY wanted.name, wanted.privilege
    """
)


def look(settings: DatabaseSettings, open_secret: SecretOpener) -> Sequence[Finding]:
    """What is wrong with the database. Raises `Stop` where its URL can't be used, or its password can't be opened."""
    engine = open_engine(Dsn.of(settings, open_secret), pool_size=1, name="provisioner-check")
    try:
        with engine.begin() as connection:
            return list(of_ledger(_read(connection), migrates=settings.migrate_at_start))
    except DBAPIError as error:
        return [of_unusable(why(error.orig), remedy(error))]
    finally:
        engine.dispose()


def _read(connection: Connection) -> Ledger:
    connection.execute(text("SET TRANSACTION READ ONLY"))
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        return Ledger(Form.CURRENT, standby=True)
    may_create = connection.execute(
        text("SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)")
    ).scalar_one()
    return Ledger(form_of(connection), may_create=bool(may_create), lacking=_lacking(connection))


def _lacking(connection: Connection) -> Mapping[str, tuple[str, ...]]:
    lacking: dict[str, tuple[str, ...]] = {}
    wanted = [(table, privilege) for table, privileges in PRIVILEGES.items() for privilege in privileges]
    names, privileges = [table for table, _ in wanted], [privilege for _, privilege in wanted]
    for table, privilege in connection.execute(_LACKING, {"names": names, "privileges": privileges}):
        lacking[table] = (*lacking.get(table, ()), privilege)
    return lacking
