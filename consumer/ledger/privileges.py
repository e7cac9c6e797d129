"""What the service's role may do with each table: what its statements do, and no more.

Another role makes the tables and owns them (`deploy/postgres/roles.sql`). The history of attempts can be added to and expire, but not be
changed; what is recorded of operators can only be added to; students, steps and adoptions cannot be deleted. PostgreSQL asks for UPDATE
also where a row is locked for it.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, text
from sqlalchemy.dialects import postgresql

from consumer.errors import Stop
from consumer.ledger.engine import transaction

_READ = ("SELECT",)
_ADD = ("SELECT", "INSERT")
_ADD_AND_DELETE = ("SELECT", "INSERT", "DELETE")
_ADD_AND_CHANGE = ("SELECT", "INSERT", "UPDATE")
_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")

PRIVILEGES: Mapping[str, Sequence[str]] = {
    "account": _ALL,
    "address": _ALL,
    "adoption": _ADD_AND_CHANGE,
    "attempt": _ADD_AND_DELETE,
    "credential": _ALL,
    "guarded_action": _ALL,
    "inbox": _ALL,
    "leader": _ALL,
    "listed_account": _ALL,
    "operator_act": _ADD,
    "operator_act_student": _ADD,
    "outbox": _ALL,
    "parked_record": _ALL,
    "partition_epoch": _ADD_AND_CHANGE,
    "reconciliation": _ADD_AND_CHANGE,
    "relay": _ADD_AND_CHANGE,
    "replayed_letter": _ALL,
    "step": _ADD_AND_CHANGE,
    "student": _ADD_AND_CHANGE,
    "student_wait": _ALL,
    "tenant_configuration": _ADD_AND_CHANGE,
    "tenant_wait": _ALL,
    "vendor_limit": _ADD_AND_CHANGE,
}
"""Of each of the ledger's tables (`consumer.ledger.tables`)."""

_REVISION = "alembic_version"
"""Where alembic keeps the revision, which a process reads when it starts."""

_EXISTS = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
_QUOTE = postgresql.dialect().identifier_preparer.quote


def grants(role: str) -> Sequence[str]:
    """Statements that give them to this role, each without its semicolon.

    Nothing is revoked: beside a new version, the one before it keeps what it needs.
    """
    allowed = {**PRIVILEGES, _REVISION: _READ}
    quoted = _QUOTE(role)
    return [f"GRANT {', '.join(privileges)} ON {table} TO {quoted}" for table, privileges in sorted(allowed.items())]


def grant(engine: Engine, role: str) -> None:
    """Gives them to this role, in one transaction; as the tables' owner. Safe to repeat.

    Raises `Stop` where there is no such role, `Refused` where this user may not grant, `Unavailable` where the database is.
    """
    with transaction(engine) as connection:
        if not connection.execute(_EXISTS, {"role": role}).scalar_one():
            raise Stop(f"The database has no role `{role}`. Create it: docs/operations.md says how.")
        for statement in grants(role):
            connection.execute(text(statement))
