"""Which student something is about that people have in hand: an address, an account's object id, an event or a mail. By indexes alone."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine, TextClause, text

from consumer.events import Provider
from consumer.ledger.engine import transaction
from consumer.ledger.skip_scan import tenants

# A refused address is another account's, and not the student's for whom it was tried.
_ADDRESS = text(
    """
    SELECT tenant_id, student_id FROM address
    WHERE provider = ANY(CAST(:providers AS text[])) AND address = :wanted AND NOT refused
    """
)
_OBJECT = text("SELECT tenant_id, student_id FROM account WHERE object_id IN (:wanted, lower(:wanted))")
# The key has the tenant first: as many steps as there are tenants. Without the limit, PostgreSQL would join all events.
_EVENT = text(
    f"""
    WITH {tenants("inbox")}
    SELECT found.tenant_id, found.student_id FROM tenants CROSS JOIN LATERAL (
      SELECT i.tenant_id, i.student_id FROM inbox i WHERE i.tenant_id = tenants.tenant_id AND i.event_id = :wanted LIMIT 1
    ) AS found
    """  # noqa: S608  constants of ours
)
_OUTCOME = text("SELECT key FROM outbox WHERE event_id = CAST(:wanted AS uuid)")
_MAIL = text("SELECT tenant_id, student_id FROM step WHERE request_hash = :digest AND name IN ('welcome', 'notice')")


class Handle(StrEnum):
    """What people may have in hand of a student."""

    ADDRESS = "address"  # a sign-in address, present or former
    OBJECT_ID = "object_id"  # an account's, at either vendor
    EVENT_ID = "event_id"  # of an accepted event, or of an outcome while it is kept
    MESSAGE_ID = "message_id"  # of the newest welcome mail or notice of an account


class Whose(NamedTuple):
    """A student."""

    tenant_id: str
    student_id: str


class Lookup:
    """Only reads. Blocking; may raise `Unavailable`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def students(self, handle: Handle, value: str) -> Sequence[Whose]:
        """All whom it is about, sorted; over all tenants."""
        wanted = value.strip()
        match handle:
            case Handle.ADDRESS:
                found = self._found(_ADDRESS, {"wanted": wanted.lower(), "providers": list(Provider)})
            case Handle.OBJECT_ID:
                found = self._found(_OBJECT, {"wanted": wanted})
            case Handle.EVENT_ID:
                found = self._found(_EVENT, {"wanted": wanted}) | self._of_outcome(wanted)
            case Handle.MESSAGE_ID:
                # The ledger has no Message-Id, but the hash of the one that was sent last: see `consumer.provisioning.steps`.
                digest = hashlib.sha256(wanted.removeprefix("<").removesuffix(">").encode()).digest()
                found = self._found(_MAIL, {"digest": digest})
        return sorted(found)

    def _found(self, statement: TextClause, values: Mapping[str, object]) -> set[Whose]:
        with transaction(self._engine) as connection:
            return {Whose(row.tenant_id, row.student_id) for row in connection.execute(statement, values)}

    def _of_outcome(self, event_id: str) -> set[Whose]:
        """An outcome's key is the student's: a tenant's id holds no slash."""
        try:
            wanted = UUID(event_id)
        except ValueError:
            return set()
        with transaction(self._engine) as connection:
            keys = connection.execute(_OUTCOME, {"wanted": wanted}).scalars().all()
        parts = (bytes(key).decode(errors="replace").partition("/") for key in keys)
        return {Whose(tenant, student) for tenant, _, student in parts}
