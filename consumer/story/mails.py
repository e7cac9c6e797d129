"""What became of a student's mails, and what a person can do about each. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from consumer.errors import GiveUp
from consumer.events import Origin, Provider, StepName
from consumer.ledger.mails import MailRecord
from consumer.ledger.port.student import StepState
from consumer.mail.address import recipient
from consumer.mail.message_id import message_id
from consumer.story.reasons import explanation_of
from consumer.tenants import Tenant


class Sent(StrEnum):
    """Where a mail stands."""

    NOT_BEGUN = "not_begun"  # its sending was not begun
    SENDING = "sending"  # a call is under way
    UNKNOWN = "unknown"  # the mail service may have it: it is looked up
    WAITS = "waits"  # it is tried again
    HELD = "held"  # a person must act
    FAILED = "failed"  # it is not sent for this event
    ACCEPTED = "accepted"  # the mail service has taken it
    SETTLED = "settled"  # nothing is left to send: none is wanted, or a ledger before this one sent it


@dataclass(frozen=True, slots=True)
class MailNote:
    """A mail about an account, without what is in it. `mail`: `welcome` or `notice`. `at`: when `state` came about, as far as it is known.

    `message_id`: of the newest one sent, where it can be derived. `code` and `request_id` are the mail service's own. `password_until`: how
    long the password is kept for this mail. `to` is personal data, and only there where names were asked for.
    """

    provider: Provider
    mail: str
    state: Sent
    at: datetime | None
    sentence: str
    remedy: str | None
    message_id: str | None
    reason: str | None
    code: str | None
    request_id: str | None
    next_try: datetime | None
    password_until: datetime | None
    to: str | None


_STATES: Mapping[StepState, Sent] = {
    StepState.STARTED: Sent.SENDING,
    StepState.DONE: Sent.ACCEPTED,
    StepState.FAILED: Sent.FAILED,
    StepState.HELD: Sent.HELD,
    StepState.RETRYABLE: Sent.WAITS,
    StepState.UNKNOWN: Sent.UNKNOWN,
}
_SENTENCES = {
    Sent.NOT_BEGUN: "It was not sent yet.",
    Sent.SENDING: "It is being sent.",
    Sent.UNKNOWN: "The mail service may have it: it is looked up there before anything else is sent.",
    Sent.WAITS: "It was not sent, and is tried again.",
    Sent.HELD: "It was refused.",
    Sent.FAILED: "It is not sent.",
    Sent.ACCEPTED: "The mail service has accepted it.",
    Sent.SETTLED: "Nothing is left to send: no mail is wanted for this account, or an earlier ledger has sent it.",
}
_DELIVERY = "Whether it was delivered, the mail service's log says: search it for the Message-Id."
_NO_SECOND = " It cannot be sent again, as its password is not kept: set another at the vendor, and hand it over."


def mail_notes(
    student_id: str, records: Sequence[MailRecord], tenant: Tenant | None, *, now: datetime, names: bool = False
) -> list[MailNote]:
    """`tenant`: as it is configured, without which no Message-Id is known. `names`: with the recipient's address."""
    return [_note(student_id, record, tenant, now, names=names) for record in records]


def _note(student_id: str, record: MailRecord, tenant: Tenant | None, now: datetime, *, names: bool) -> MailNote:
    state, is_welcome = _state(record, now), record.name is StepName.WELCOME
    reason = code = None
    if state not in {Sent.ACCEPTED, Sent.SETTLED}:
        reason, code = record.wait_reason or record.step_reason, record.wait_code or record.step_code
    sentence, remedy = _SENTENCES[state], None
    if reason is not None:
        explanation = explanation_of(reason)
        sentence, remedy = f"{sentence} {explanation.cause}", explanation.remedy
    elif state is Sent.NOT_BEGUN and is_welcome and (fault := _unusable(record, tenant)):
        sentence, reason = f"{sentence} {fault}", fault.reason.value
    if state is Sent.ACCEPTED:
        remedy = _DELIVERY + (_NO_SECOND if is_welcome else "")
    return MailNote(
        provider=record.provider,
        mail=record.name.value,
        state=state,
        at=record.started_at if state is Sent.SENDING else record.ended_at or record.started_at,
        sentence=sentence,
        remedy=remedy,
        message_id=_message_id(student_id, record, tenant),
        reason=reason,
        code=code,
        request_id=record.request_id,
        next_try=record.next_try,
        password_until=record.sealed_until,
        to=record.contact if names else None,
    )


def _state(record: MailRecord, now: datetime) -> Sent:
    if record.held:
        return Sent.HELD
    if record.state is None:
        return Sent.WAITS if record.wait_reason else Sent.NOT_BEGUN
    if record.state is StepState.STARTED and record.deadline is not None and record.deadline < now:
        return Sent.UNKNOWN
    if record.state is StepState.DONE and not record.request_hash:
        return Sent.SETTLED
    return _STATES[record.state]


def _unusable(record: MailRecord, tenant: Tenant | None) -> GiveUp | None:
    """Why no mail can go to the student's contact address, of an account for which one is wanted."""
    if tenant is None or record.origin is not Origin.CREATED or not tenant.welcome_email.enabled:
        return None
    try:
        recipient(record.contact, provisioned=(tenant.addresses.domain,))
    except GiveUp as fault:
        return fault
    return None


def _message_id(student_id: str, record: MailRecord, tenant: Tenant | None) -> str | None:
    """The ledger has its hash alone: it is derived anew, as the steps derive it, and shown where the hash is the same."""
    if tenant is None or not record.request_hash:
        return None
    domain = tenant.mailgun.domain if tenant.mailgun else tenant.addresses.domain
    for mail, which in _candidates(record):
        ident = message_id(mail, tenant.id, student_id, record.provider, which, domain=domain)
        if hashlib.sha256(ident.encode()).digest() == record.request_hash:
            return ident
    return None


def _candidates(record: MailRecord) -> Sequence[tuple[str, str]]:
    if record.name is StepName.WELCOME:
        # While a replaced password is on its way, the newest mail is of the generation before.
        return [("welcome", str(generation)) for generation in (record.generation, record.generation - 1)]
    days = {at.astimezone(UTC).date() for at in (record.delete_at, record.noticed_for) if at is not None}
    return [("deletion", f"{record.version}/{day}") for day in sorted(days)]
