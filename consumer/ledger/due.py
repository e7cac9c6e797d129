"""Where there is work: the tenants with students that can be claimed, and when the next student becomes due."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from consumer.ledger.engine import transaction
from consumer.ledger.port.work import Backlog, Due
from consumer.ledger.skip_scan import tenants

# As many steps as there are tenants that have work planned, however many students wait.
_ALL = text(
    f"""
    WITH {tenants("student", "due_at IS NOT NULL")}
    SELECT tenant_id, extract(epoch FROM now() - first.due_at)::float8 AS oldest, (
      SELECT true FROM student s
      WHERE s.tenant_id = planned.tenant_id AND s.work_class = 0 AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until <= now())
      ORDER BY s.due_at LIMIT 1
    ) IS TRUE AS urgent
    FROM tenants AS planned CROSS JOIN LATERAL (
      SELECT s.due_at FROM student s
      WHERE s.tenant_id = planned.tenant_id AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until <= now())
      ORDER BY s.due_at LIMIT 1
    ) AS first
    """  # noqa: S608  constants of ours
)
_SINCE = text(
    """
    SELECT tenant_id, extract(epoch FROM now() - min(due_at))::float8 AS oldest, bool_or(work_class = 0) AS urgent
    FROM student
    WHERE due_at > :since AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
    GROUP BY tenant_id
    """
)
# A student that was parked by hand at 'infinity' is never due; older servers can't subtract that.
_NEXT = text(
    """
    SELECT now() AS at, (
      SELECT extract(epoch FROM due_at - now())::float8 FROM student
      WHERE due_at > now() AND due_at < 'infinity' ORDER BY due_at LIMIT 1
    ) AS next_in
    """
)
# Of a service as a whole: a part that waits leaves the tenant work to do.
_WAITS = text(
    """
    SELECT tenant_id, service, extract(epoch FROM until - now())::float8 AS seconds FROM tenant_wait
    WHERE until > now() AND tenant_id = ANY(CAST(:tenants AS text[])) AND position('/' IN service) = 0
    """
)


class DueTenants:
    """See `Work.due`. Blocking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def look(self, since: datetime | None) -> Due:
        with transaction(self._engine) as connection:
            following = connection.execute(_NEXT).one()
            found = connection.execute(_ALL) if since is None else connection.execute(_SINCE, {"since": since})
            rows = found.all()
            waits = _waits(connection, [row.tenant_id for row in rows])
        tenants = {row.tenant_id: Backlog(row.oldest, waits[row.tenant_id], row.urgent) for row in rows}
        return Due(following.at, tenants, following.next_in)


def _waits(connection: Connection, tenants: Sequence[str]) -> Mapping[str, Mapping[str, float]]:
    waits: defaultdict[str, dict[str, float]] = defaultdict(dict)
    if tenants:
        for row in connection.execute(_WAITS, {"tenants": tenants}):
            waits[row.tenant_id][row.service] = row.seconds
    return waits
