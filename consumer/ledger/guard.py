"""The guard's side for people, on PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import Engine, text

from consumer.ledger.acts import ActKind, Operator, Recording
from consumer.ledger.announcements import WORK_CHANNEL, Announcements
from consumer.ledger.engine import transaction
from consumer.ledger.port.guard import Decision, ParkedAction, Verdict
from consumer.ledger.unreadable import read
from consumer.policy.guard import Guarded

_PARKED = text(
    """
    SELECT g.tenant_id, g.action, g.student_id, g.version, g.number, g.at FROM guarded_action g
    JOIN student s ON (s.tenant_id, s.student_id, s.desired_version) = (g.tenant_id, g.student_id, g.version)
    WHERE g.state = 'parked' AND (CAST(:tenant AS text) IS NULL OR g.tenant_id = :tenant)
    ORDER BY g.tenant_id, g.action, g.number
    """
)
# Students are locked first, in the order of their key, as by all who lock several.
_DECIDE = text(
    """
    WITH concerned AS (
      SELECT s.tenant_id, s.student_id, g.action, g.version FROM student s
      JOIN guarded_action g ON (s.tenant_id, s.student_id, s.desired_version) = (g.tenant_id, g.student_id, g.version)
      WHERE g.tenant_id = :tenant AND g.action = :action AND g.state = 'parked' AND g.number <= :number
      ORDER BY s.tenant_id, s.student_id FOR NO KEY UPDATE OF s
    ), decided AS (
      UPDATE guarded_action g SET state = :verdict, decided_at = now(), decided_by = :by, comment = :comment FROM concerned
      WHERE (g.tenant_id, g.student_id, g.action, g.version)
        = (concerned.tenant_id, concerned.student_id, concerned.action, concerned.version)
    ), due AS (
      UPDATE student s SET due_at = now() FROM concerned
      WHERE (s.tenant_id, s.student_id) = (concerned.tenant_id, concerned.student_id)
    )
    SELECT student_id FROM concerned
    """
)
_KINDS = {Verdict.APPROVED: ActKind.GUARD_APPROVED, Verdict.REJECTED: ActKind.GUARD_REJECTED}


class PostgresGuardDesk:
    """Keeps `GuardDesk`; a decision that concerns a student is recorded as an act."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._announcements = Announcements(engine, WORK_CHANNEL)

    def parked_actions(self, tenant_id: str | None = None) -> Sequence[ParkedAction]:
        with transaction(self._engine) as connection:
            rows = connection.execute(_PARKED, {"tenant": tenant_id}).all()
        return [
            ParkedAction(
                row.tenant_id,
                read("guarded_action.action", Guarded, row.action),
                row.student_id,
                row.version,
                row.number,
                row.at,
            )
            for row in rows
        ]

    def decide(self, decision: Decision) -> int:
        values = {
            "tenant": decision.tenant_id,
            "action": decision.action,
            "number": decision.number,
            "verdict": decision.verdict,
            "by": decision.by,
            "comment": decision.comment,
        }
        recording = Recording(
            _KINDS[decision.verdict],
            Operator(decision.by, decision.comment),
            tenant_id=decision.tenant_id,
            action=decision.action,
            list=decision.number,
        )
        with transaction(self._engine) as connection:
            concerned = connection.execute(_DECIDE, values).scalars().all()
            if concerned:
                recording.write(connection, concerned)
        self._announcements.committed()
        return len(concerned)
