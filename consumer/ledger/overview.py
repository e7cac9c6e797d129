"""What waits in the ledger, on PostgreSQL. Every statement reads an index that has only what waits."""

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, TextClause, text

from consumer.ledger.engine import transaction
from consumer.ledger.port.overview import Overview, Tally
from consumer.ledger.skip_scan import tenants
from consumer.policy.work_class import WorkClass

# Of each tenant that has work planned, its students who are due.
_DUE = text(
    f"""
    WITH {tenants("student", "due_at IS NOT NULL")}
    SELECT planned.tenant_id AS tenant, waiting.urgent AS part, waiting.students AS counted, waiting.oldest
    FROM tenants AS planned CROSS JOIN LATERAL (
      SELECT s.work_class = 0 AS urgent, count(*) AS students, extract(epoch FROM now() - min(s.due_at))::float8 AS oldest
      FROM student s
      WHERE s.tenant_id = planned.tenant_id AND s.due_at <= now() AND (s.lease_until IS NULL OR s.lease_until <= now())
      GROUP BY 1
    ) AS waiting
    """  # noqa: S608  constants of ours
)
_HELD = text(
    """
    SELECT tenant_id AS tenant, reason AS part, count(DISTINCT student_id) AS counted,
           extract(epoch FROM now() - min(since))::float8 AS oldest
    FROM student_wait WHERE held GROUP BY tenant_id, reason
    """
)
# The student is looked up for each of them: joined, many of them would be compared with all students.
_PARKED = text(
    """
    SELECT g.tenant_id AS tenant, g.action AS part, count(*) AS counted, extract(epoch FROM now() - min(g.at))::float8 AS oldest
    FROM guarded_action g
    WHERE g.state = 'parked' AND g.version =
      (SELECT s.desired_version FROM student s WHERE (s.tenant_id, s.student_id) = (g.tenant_id, g.student_id))
    GROUP BY g.tenant_id, g.action
    """
)
_UNKNOWN = text(
    """
    SELECT provider, count(*) AS counted, extract(epoch FROM now() - min(coalesce(lost_at, started_at)))::float8 AS oldest
    FROM step WHERE unsure GROUP BY provider
    """
)


class PostgresOverviews:
    """Keeps `Overviews`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def overview(self) -> Overview:
        with transaction(self._engine) as connection:
            due = connection.execute(_DUE).all()
            held, parked = _by_tenant(connection, _HELD), _by_tenant(connection, _PARKED)
            unknown = connection.execute(_UNKNOWN).all()
        return Overview(
            due={
                (row.tenant, WorkClass.URGENT if row.part else WorkClass.NORMAL): Tally(row.counted, row.oldest)
                for row in due
            },
            held=held,
            parked=parked,
            unknown={row.provider: Tally(row.counted, row.oldest) for row in unknown},
        )


def _by_tenant(connection: Connection, statement: TextClause) -> Mapping[tuple[str, str], Tally]:
    return {(row.tenant, row.part): Tally(row.counted, row.oldest) for row in connection.execute(statement)}
