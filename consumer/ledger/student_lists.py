"""Students of a tenant, page by page, however many there are: all, or those who are held, due or failed. By indexes alone.

held      a step waits for a person                                 by reason, then student; once for each reason
due       could be worked now, and is not                           the most overdue first
failed    the newest event failed for good                          in the order of time
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, RowMapping, TextClause, text

from consumer.ledger.engine import transaction

_PAGE = 500
_BEGINNING = datetime.min.replace(tzinfo=UTC)

_FAILED_REASON = """
    coalesce(
      (SELECT a.reason FROM attempt a
       WHERE a.tenant_id = :tenant AND a.student_id = one.student_id AND a.version = one.version AND a.state = 'failed'
       ORDER BY a.ended_at DESC LIMIT 1),
      (SELECT 'guard_rejected' FROM guarded_action g
       WHERE g.tenant_id = :tenant AND g.student_id = one.student_id AND g.version = one.version AND g.state = 'rejected' LIMIT 1))
"""
_ALL = text(
    f"""
    SELECT one.*, CASE one.state WHEN 'failed' THEN {_FAILED_REASON} ELSE one.waits_for END AS reason FROM (
      SELECT s.student_id, s.desired_version AS version, s.accepted_at AS since, s.due_at, w.reason AS waits_for, CASE
        WHEN s.lease_until > now() THEN 'in_work'
        WHEN w.held THEN 'held'
        WHEN s.due_at <= now() THEN 'due'
        WHEN w.reason IS NOT NULL THEN 'waits'
        WHEN s.due_at IS NOT NULL THEN 'planned'
        WHEN EXISTS (SELECT FROM inbox i WHERE i.tenant_id = s.tenant_id AND i.student_id = s.student_id
                     AND i.version = s.desired_version AND i.disposition = 'failed') THEN 'failed'
        ELSE 'settled' END AS state
      FROM student s LEFT JOIN LATERAL (
        SELECT reason, held FROM student_wait w WHERE w.tenant_id = s.tenant_id AND w.student_id = s.student_id
        ORDER BY held DESC, since LIMIT 1
      ) AS w ON true
      WHERE s.tenant_id = :tenant AND s.student_id > :student AND s.accepted_at >= :since ORDER BY s.student_id LIMIT :limit
    ) AS one ORDER BY one.student_id
    """  # noqa: S608  constants of ours
)
_HELD = text(
    """
    SELECT one.student_id, s.desired_version AS version, 'held' AS state, one.reason, one.since, s.due_at FROM (
      SELECT reason, student_id, min(since) AS since FROM student_wait
      WHERE tenant_id = :tenant AND held AND (reason, student_id) > (:after_reason, :student)
        AND (CAST(:reason AS text) IS NULL OR reason = :reason)
      GROUP BY reason, student_id HAVING min(since) >= :since ORDER BY reason, student_id LIMIT :limit
    ) AS one JOIN student s ON s.tenant_id = :tenant AND s.student_id = one.student_id ORDER BY one.reason, one.student_id
    """
)
_DUE = text(
    """
    SELECT student_id, desired_version AS version, 'due' AS state, NULL AS reason, due_at AS since, due_at FROM student
    WHERE tenant_id = :tenant AND due_at <= :until AND due_at >= :since AND (due_at, student_id) > (:since, :student)
      AND (lease_until IS NULL OR lease_until <= now())
    ORDER BY due_at, student_id LIMIT :limit
    """
)
_FAILED = text(
    f"""
    SELECT one.*, 'failed' AS state, {_FAILED_REASON} AS reason FROM (
      SELECT i.student_id, i.version, i.settled_at AS since, s.due_at FROM inbox i
      JOIN student s ON s.tenant_id = i.tenant_id AND s.student_id = i.student_id AND s.desired_version = i.version
      WHERE i.tenant_id = :tenant AND i.disposition = 'failed' AND i.settled_at >= :since
        AND (i.settled_at, i.student_id) > (:since, :student)
      ORDER BY i.settled_at, i.student_id LIMIT :limit
    ) AS one ORDER BY one.since, one.student_id
    """  # noqa: S608  constants of ours
)
_NOW = text("SELECT now()")

_After = Callable[[RowMapping], Mapping[str, Any]]


class ListedState(StrEnum):
    """Where a student stands; the first that holds, in this order."""

    IN_WORK = "in_work"  # a replica works on it now
    HELD = "held"  # waits for a person
    DUE = "due"  # could be worked now
    WAITS = "waits"  # tried again later, by itself
    PLANNED = "planned"  # worked later: not begun yet, a verification, a deletion
    FAILED = "failed"  # the newest event failed for good
    SETTLED = "settled"  # nothing is left to do


@dataclass(frozen=True, slots=True)
class ListedStudent:
    """`version`: of the newest event. `since`: for how long it has been held, due or failed; of all others, when the newest event was
    accepted. `reason`: why it waits, or failed; None where it does not, or that is not kept any more."""

    tenant_id: str
    student_id: str
    version: int
    state: ListedState
    reason: str | None
    since: datetime
    due_at: datetime | None


class StudentLists:
    """Of one tenant. Only reads, a page in one transaction. Blocking; may raise `Unavailable` between two students."""

    def __init__(self, engine: Engine, tenant_id: str, *, page: int = _PAGE) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._page = page

    def all(self, *, since: datetime | None = None) -> Iterator[ListedStudent]:
        """By student id. `since`: whose newest event was accepted then or later."""
        return self._listed(_ALL, lambda last: {"student": last["student_id"]}, since)

    def held(self, *, reason: str | None = None, since: datetime | None = None) -> Iterator[ListedStudent]:
        """`reason`: for this one only. `since`: held since then or later."""
        values = {"reason": reason, "after_reason": ""}
        return self._listed(
            _HELD, lambda last: {"after_reason": last["reason"], "student": last["student_id"]}, since, **values
        )

    def due(self, *, since: datetime | None = None) -> Iterator[ListedStudent]:
        """Those who are due when it begins. `since`: due since then or later."""
        with transaction(self._engine) as connection:
            until = connection.execute(_NOW).scalar_one()
        yield from self._listed(_DUE, _in_time, since, until=until)

    def failed(self, *, reason: str | None = None, since: datetime | None = None) -> Iterator[ListedStudent]:
        """`reason`: for this one only. `since`: failed then or later."""
        return (one for one in self._listed(_FAILED, _in_time, since) if reason in {None, one.reason})

    def _listed(
        self, statement: TextClause, after: _After, since: datetime | None, **values: object
    ) -> Iterator[ListedStudent]:
        """Page by page until there is none; `after` is where a page begins, by the last row of the one before."""
        place: dict[str, Any] = {
            **values,
            "tenant": self._tenant_id,
            "limit": self._page,
            "student": "",
            "since": since or _BEGINNING,
        }
        while True:
            with transaction(self._engine) as connection:
                rows = connection.execute(statement, place).mappings().all()
            if not rows:
                return
            yield from (self._one(row) for row in rows)
            place |= after(rows[-1])

    def _one(self, row: RowMapping) -> ListedStudent:
        return ListedStudent(
            self._tenant_id,
            row["student_id"],
            row["version"],
            ListedState(row["state"]),
            row["reason"],
            row["since"],
            row["due_at"],
        )


def _in_time(last: RowMapping) -> Mapping[str, Any]:
    return {"since": last["since"], "student": last["student_id"]}
