"""The read model of the ledger, for commands, tests and proofs. It only reads."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, RowMapping, TextClause, text

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.engine import transaction
from consumer.ledger.port.history import Attempt
from consumer.ledger.port.student import AccountState, StepState
from consumer.ledger.unreadable import read

_ATTEMPTS = text(
    """
    SELECT provider, step, number, state, version, started_at, ended_at, reason, code, request_id, replica FROM attempt
    WHERE tenant_id = :tenant AND student_id = :student ORDER BY started_at, ended_at
    """
)
_STATE = """
    SELECT tenant_id, student_id, desired_version, settled_version, applied_version, attempt, due_at, lease_owner, lease_until FROM student
"""
_STUDENT = text(_STATE + " WHERE tenant_id = :tenant AND student_id = :student")
_DUE = text(_STATE + " WHERE due_at IS NOT NULL ORDER BY due_at LIMIT :limit")
_STUDENT_WAITS = text(
    """
    SELECT provider, step, reason, code, held, since, until FROM student_wait
    WHERE tenant_id = :tenant AND student_id = :student ORDER BY provider, step
    """
)
_TENANT_WAITS = text(
    """
    SELECT service, reason, code, step, held, since, until FROM tenant_wait WHERE tenant_id = :tenant AND until > now() ORDER BY service
    """
)

_READ_ONLY = text("SET TRANSACTION READ ONLY")
_ACCOUNTS = text(
    """
    SELECT student_id, provider, state FROM account
    WHERE tenant_id = :tenant AND student_id = ANY(CAST(:students AS text[])) AND object_id IS NOT NULL
    """
)

_PARKED = text(
    """
    SELECT tenant_id, count(*) AS records, min(parked_at) AS since FROM parked_record
    GROUP BY tenant_id ORDER BY records DESC, tenant_id LIMIT :limit
    """
)


@dataclass(frozen=True, slots=True)
class StudentState:
    """Where a student's newest event stands. `due_at`: when there is work again; None: nothing is planned."""

    tenant_id: str
    student_id: str
    desired_version: int
    settled_version: int
    applied_version: int
    attempt: int
    due_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None


@dataclass(frozen=True, slots=True)
class StudentWait:
    """Why a student waits at a step. Provider and step are empty where a record of the student cannot be read: `code` says which."""

    provider: str
    step: str
    reason: str
    code: str | None
    held: bool
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class TenantWait:
    """A service of a tenant, or a part of one, that is not called until `until`. `reason` is None where an older version wrote it."""

    service: str
    reason: str | None
    code: str | None
    step: str | None
    held: bool
    since: datetime | None
    until: datetime


@dataclass(frozen=True, slots=True)
class ParkedTenant:
    """A tenant id that no configuration knew, as records name it: any text. `since`: when the oldest of them was parked."""

    tenant_id: str
    records: int
    since: datetime


class Inspection:
    """Keeps `History`. Blocking; every method may raise `Unavailable`, or `Unreadable` for what a newer version wrote."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def student(self, tenant_id: str, student_id: str) -> StudentState | None:
        """None where no event was accepted for that student."""
        rows = self._rows(_STUDENT, tenant=tenant_id, student=student_id)
        return StudentState(**rows[0]) if rows else None

    def due(self, *, limit: int) -> Sequence[StudentState]:
        """Students with planned work, the most overdue first. Sorts all of them."""
        return [StudentState(**row) for row in self._rows(_DUE, limit=limit)]

    def student_waits(self, tenant_id: str, student_id: str) -> Sequence[StudentWait]:
        """All causes for which the student waits."""
        rows = self._rows(_STUDENT_WAITS, tenant=tenant_id, student=student_id)
        return [StudentWait(**row) for row in rows]

    def tenant_waits(self, tenant_id: str) -> Sequence[TenantWait]:
        """What of the tenant waits now, by service."""
        return [TenantWait(**row) for row in self._rows(_TENANT_WAITS, tenant=tenant_id)]

    def parked_tenants(self, *, limit: int) -> Sequence[ParkedTenant]:
        """Whose records are parked, most first."""
        return [ParkedTenant(**row) for row in self._rows(_PARKED, limit=limit)]

    def accounts(self, tenant_id: str, students: Sequence[str]) -> Mapping[str, Mapping[Provider, AccountState]]:
        """Of these students, those whose account is known to exist, with its state as this service knows it."""
        found: defaultdict[str, dict[Provider, AccountState]] = defaultdict(dict)
        with transaction(self._engine) as connection:
            connection.execute(_READ_ONLY)
            for row in connection.execute(_ACCOUNTS, {"tenant": tenant_id, "students": students}):
                provider = read("account.provider", Provider, row.provider)
                found[row.student_id][provider] = read("account.state", AccountState, row.state)
        return found

    def attempts(self, tenant_id: str, student_id: str) -> Sequence[Attempt]:
        return [_attempt(row) for row in self._rows(_ATTEMPTS, tenant=tenant_id, student=student_id)]

    def _rows(self, statement: TextClause, **values: object) -> Sequence[RowMapping]:
        with transaction(self._engine) as connection:
            return connection.execute(statement, values).mappings().all()


def _attempt(row: RowMapping) -> Attempt:
    return Attempt(
        provider=read("attempt.provider", Provider, row["provider"]),
        step=read("attempt.step", StepName, row["step"]),
        number=row["number"],
        state=read("attempt.state", StepState, row["state"]),
        version=row["version"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        reason=read("attempt.reason", Reason, row["reason"]) if row["reason"] else None,
        code=row["code"],
        request_id=row["request_id"],
        replica=row["replica"],
    )
