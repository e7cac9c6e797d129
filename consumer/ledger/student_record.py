"""All that the ledger holds of one student, by indexes alone, for people who ask about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from consumer.events import Origin, Provider, ProviderAction
from consumer.ledger.acts import Acts, RecordedAct
from consumer.ledger.engine import transaction
from consumer.ledger.inspect import Inspection, StudentState, StudentWait, TenantWait
from consumer.ledger.port.history import Attempt
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import AccountState
from consumer.ledger.unreadable import read

_EVENTS = text(
    """
    SELECT event_id, version, topic, partition, kafka_offset AS "offset", occurred_at, received_at, disposition, settled_at FROM inbox
    WHERE tenant_id = :tenant AND student_id = :student ORDER BY received_at, version
    """
)
_ACCOUNTS = text(
    """
    SELECT provider, address, object_id, origin, state, licences, groups, settled_version AS announced_version, delete_at, notice_at,
           noticed_for, admin_units
    FROM account
    WHERE tenant_id = :tenant AND student_id = :student ORDER BY provider
    """
)
_DECISION = text(
    """
    SELECT desired -> 'event' -> 'status' ->> 'id' AS status_id, desired ->> 'action' AS action, desired -> 'providers' AS providers,
           accepted_at FROM student
    WHERE tenant_id = :tenant AND student_id = :student
    """
)


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event that was accepted. `received_at`: when it was read from its topic."""

    event_id: str
    version: int
    topic: str
    partition: int
    offset: int
    occurred_at: datetime
    received_at: datetime
    disposition: Disposition
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewestDecision:
    """What the newest event was decided to ask for. Without `providers`: it only cancels."""

    status_id: str
    action: ProviderAction
    providers: tuple[Provider, ...]
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account as the ledger knows it. `address` is personal data. Without `object_id` it may not exist yet; `delete_at`: it is to be
    deleted then; `notice_at`: that is to be announced then; `noticed_for`: the deletion for which nothing is left to announce."""

    provider: Provider
    address: str
    object_id: str | None
    origin: Origin | None
    state: AccountState
    licences: tuple[str, ...]
    groups: tuple[str, ...]
    announced_version: int
    delete_at: datetime | None = None
    notice_at: datetime | None = None
    noticed_for: datetime | None = None
    admin_units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StudentRecord:
    """Everything about one student. `tenant_waits` are all of the tenant's; `acts`: what operators did that concerned the student."""

    state: StudentState
    decision: NewestDecision
    events: Sequence[InboxEvent]
    attempts: Sequence[Attempt]
    accounts: Sequence[AccountRecord]
    waits: Sequence[StudentWait]
    tenant_waits: Sequence[TenantWait]
    acts: Sequence[RecordedAct] = ()


class StudentRecords:
    """Only reads. Blocking; may raise `Unavailable`, or `Unreadable` for what a newer version wrote."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._inspection = Inspection(engine)
        self._acts = Acts(engine)

    def of(self, tenant_id: str, student_id: str) -> StudentRecord | None:
        """None where no event was accepted for that student."""
        state = self._inspection.student(tenant_id, student_id)
        if state is None:
            return None
        whose = {"tenant": tenant_id, "student": student_id}
        with transaction(self._engine) as connection:
            decision = connection.execute(_DECISION, whose).mappings().one()
            events = connection.execute(_EVENTS, whose).mappings().all()
            accounts = connection.execute(_ACCOUNTS, whose).mappings().all()
        return StudentRecord(
            state=state,
            decision=_decision(**decision),
            events=[_event(**row) for row in events],
            attempts=self._inspection.attempts(tenant_id, student_id),
            accounts=[_account(**row) for row in accounts],
            waits=self._inspection.student_waits(tenant_id, student_id),
            tenant_waits=self._inspection.tenant_waits(tenant_id),
            acts=self._acts.of_student(tenant_id, student_id),
        )


def _decision(*, status_id: str, action: str, providers: Sequence[str], accepted_at: datetime) -> NewestDecision:
    return NewestDecision(
        status_id,
        read("student.desired.action", ProviderAction, action),
        tuple(read("student.desired.providers", Provider, name) for name in providers),
        accepted_at,
    )


def _event(*, disposition: str, **row: Any) -> InboxEvent:  # noqa: ANN401  the row's other columns
    return InboxEvent(disposition=read("inbox.disposition", Disposition, disposition), **row)


def _account(
    *,
    provider: str,
    origin: str | None,
    state: str,
    licences: Sequence[str],
    groups: Sequence[str],
    admin_units: Sequence[str],
    **row: Any,  # noqa: ANN401  the row's other columns
) -> AccountRecord:
    return AccountRecord(
        provider=read("account.provider", Provider, provider),
        origin=read("account.origin", Origin, origin) if origin else None,
        state=read("account.state", AccountState, state),
        licences=tuple(licences),
        groups=tuple(groups),
        admin_units=tuple(admin_units),
        **row,
    )
