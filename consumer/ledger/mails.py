"""What the ledger knows of a student's mails: of each account, the welcome mail and, once there is one, the notice of its deletion."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

from consumer.events import Origin, Provider, StepName
from consumer.ledger.engine import transaction
from consumer.ledger.port.student import StepState
from consumer.ledger.unreadable import read

# Of an attempt whose outcome was found out later there are two entries: the newest says what it was.
_MAILS = text(
    """
    SELECT a.provider, mail.name, a.generation, a.origin, a.delete_at, a.noticed_for, s.state, s.version, s.request_hash, s.started_at,
           s.ended_at, s.deadline, s.reason AS step_reason, last.code AS step_code, last.request_id,
           w.reason AS wait_reason, w.code AS wait_code, w.held, w.until AS next_try, c.expires_at AS sealed_until,
           st.desired -> 'event' -> 'student' ->> 'contact_email' AS contact
    FROM account a
    JOIN student st USING (tenant_id, student_id)
    CROSS JOIN (VALUES ('welcome'), ('notice')) AS mail(name)
    LEFT JOIN step s ON (s.tenant_id, s.student_id, s.provider, s.name) = (a.tenant_id, a.student_id, a.provider, mail.name)
    LEFT JOIN student_wait w ON (w.tenant_id, w.student_id, w.provider, w.step) = (a.tenant_id, a.student_id, a.provider, mail.name)
    LEFT JOIN credential c ON (c.tenant_id, c.student_id, c.provider, c.generation)
      = (a.tenant_id, a.student_id, a.provider, a.generation) AND mail.name = 'welcome'
    LEFT JOIN LATERAL (
      SELECT code, request_id FROM attempt
      WHERE (tenant_id, student_id, provider, step) = (a.tenant_id, a.student_id, a.provider, mail.name) AND number = s.attempt
      ORDER BY ended_at DESC LIMIT 1
    ) AS last ON true
    WHERE a.tenant_id = :tenant AND a.student_id = :student
      AND (mail.name = 'welcome' OR s.name IS NOT NULL OR w.step IS NOT NULL OR a.delete_at IS NOT NULL)
    ORDER BY a.provider, mail.name DESC
    """
)


@dataclass(frozen=True, slots=True)
class MailRecord:
    """A mail about an account. Without `state` its sending was never begun. `contact` is personal data.

    `request_hash` is the SHA-256 of the Message-Id that was sent last; empty where the step ended without a mail of this ledger's.
    `step_…`: why the newest attempt was refused; `wait_…`: what the student waits for at this step, until `next_try`. `sealed_until`: until
    when the account's password is kept for its mail; None: it is not kept.
    """

    provider: Provider
    name: StepName
    generation: int
    origin: Origin | None
    delete_at: datetime | None
    noticed_for: datetime | None
    state: StepState | None
    version: int | None
    request_hash: bytes
    started_at: datetime | None
    ended_at: datetime | None
    deadline: datetime | None
    step_reason: str | None
    step_code: str | None
    request_id: str | None
    wait_reason: str | None
    wait_code: str | None
    held: bool
    next_try: datetime | None
    sealed_until: datetime | None
    contact: str | None = field(default=None, repr=False)


class Mails:
    """Only reads. Blocking; may raise `Unavailable`, or `Unreadable` for what a newer version wrote."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, tenant_id: str, student_id: str) -> Sequence[MailRecord]:
        """By provider, the welcome mail first; empty where the student has no account."""
        with transaction(self._engine) as connection:
            rows = connection.execute(_MAILS, {"tenant": tenant_id, "student": student_id}).mappings().all()
        return [_record(**row) for row in rows]


def _record(
    *,
    provider: str,
    name: str,
    origin: str | None,
    state: str | None,
    request_hash: bytes | None,
    held: bool | None,
    **row: Any,  # noqa: ANN401  the row's other columns
) -> MailRecord:
    return MailRecord(
        provider=read("account.provider", Provider, provider),
        name=StepName(name),
        origin=read("account.origin", Origin, origin) if origin else None,
        state=read("step.state", StepState, state) if state else None,
        request_hash=bytes(request_hash or b""),
        held=bool(held),
        **row,
    )
