"""Holds of tenants: ended by a change of the tenant's configuration, or by an operator.

What waits for a vendor's own time (`Retry-After`) is no hold: a change of the configuration leaves it, an operator may end it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from consumer.ledger.announcements import WORK_CHANNEL, Announcements
from consumer.ledger.engine import transaction

_CHANGED = text(
    """
    INSERT INTO tenant_configuration AS known (tenant_id, digest, seen_at)
    SELECT tenant_id, digest, now() FROM unnest(CAST(:tenants AS text[]), CAST(:digests AS bytea[])) AS new(tenant_id, digest)
    ORDER BY tenant_id
    ON CONFLICT (tenant_id) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at WHERE known.digest <> excluded.digest
    RETURNING tenant_id
    """
)
_END_WAITS = text(
    """
    DELETE FROM tenant_wait WHERE tenant_id = ANY(CAST(:tenants AS text[])) AND (held OR NOT :only_held)
      AND (CAST(:service AS text) IS NULL OR service = :service OR starts_with(service, :service || '/'))
    RETURNING tenant_id
    """
)
# In the order of the key, as all who lock several students.
_DUE = text(
    """
    WITH waiting AS (
      SELECT s.tenant_id, s.student_id FROM student s
      WHERE s.tenant_id = ANY(CAST(:tenants AS text[])) AND s.due_at > now() AND (s.lease_until IS NULL OR s.lease_until <= now())
        AND EXISTS (SELECT FROM student_wait w WHERE w.tenant_id = s.tenant_id AND w.student_id = s.student_id
                    AND (w.held OR NOT :only_held) AND (CAST(:service AS text) IS NULL OR w.provider = :service OR w.step = :step))
      ORDER BY s.tenant_id, s.student_id FOR NO KEY UPDATE OF s
    ), due AS (
      UPDATE student s SET due_at = now() FROM waiting WHERE s.tenant_id = waiting.tenant_id AND s.student_id = waiting.student_id
      RETURNING s.tenant_id
    )
    SELECT tenant_id, count(*) AS students FROM due GROUP BY tenant_id
    """
)


@dataclass(frozen=True, slots=True)
class Resumed:
    """How many waits of a tenant's services were ended, and how many of its students are due at once."""

    services: int
    students: int


class Holds:
    """All tenants' holds. Blocking; every method may raise `Unavailable`, and may be repeated."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._announcements = Announcements(engine, WORK_CHANNEL)

    def configured(self, digests: Mapping[str, bytes]) -> Mapping[str, Resumed]:
        """Notes each tenant's configuration, by a digest. Where it differs from the last one, the tenant's holds end: see `Resumed`.

        What waits for a vendor's own time keeps waiting.
        """
        with transaction(self._engine) as connection:
            changed = _noted(connection, digests)
            if not changed:
                return {}
            resumed = _resume(connection, changed, service=None, only_held=True)
        self._announcements.committed()
        return resumed

    def reconfigured(self, digests: Mapping[str, bytes]) -> Mapping[str, Resumed]:
        """The same for tenants whose file or secrets this replica has just begun to use, and the holds of all of them end.

        Where another replica has noted the digest before, this one may have held students again since, by the old file.
        """
        with transaction(self._engine) as connection:
            _noted(connection, digests)
            resumed = _resume(connection, list(digests), service=None, only_held=True)
        self._announcements.committed()
        return resumed

    def resume(self, tenant_id: str, service: str | None) -> Resumed:
        """Ends the tenant's waits, for `service` and its parts or for all; students who waited because of them are due at once."""
        with transaction(self._engine) as connection:
            resumed = _resume(connection, [tenant_id], service=service, only_held=False)
        self._announcements.committed()
        return resumed[tenant_id]


def _noted(connection: Connection, digests: Mapping[str, bytes]) -> Sequence[str]:
    """The tenants whose digest is another than the last one."""
    values = {"tenants": list(digests), "digests": list(digests.values())}
    return [row.tenant_id for row in connection.execute(_CHANGED, values)]


def _resume(
    connection: Connection, tenants: Sequence[str], *, service: str | None, only_held: bool
) -> Mapping[str, Resumed]:
    values = {"tenants": tenants, "service": service, "only_held": only_held}
    services = Counter(row.tenant_id for row in connection.execute(_END_WAITS, values))
    # Only the welcome mail is no provider's: it waits for the mail service.
    due = connection.execute(_DUE, values | {"step": "welcome" if service == "mailgun" else None})
    students = {row.tenant_id: row.students for row in due}
    return {tenant: Resumed(services[tenant], students.get(tenant, 0)) for tenant in tenants}
