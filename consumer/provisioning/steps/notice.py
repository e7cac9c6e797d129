"""Notice: the mail that announces the deletion of an account, to the student and the office, once for each date.

the outcome of an earlier one is unknown ──hold-down──▶ look up ──found──▶ announced
   ▼ not found, or the mail service does not let us look
send one mail to all readers ──accepted──▶ announced; where little time is left, the deletion is put off
   │                         ──the student's address is refused──▶ to the office alone
   ▼ no reader is left
reported as failed: the deletion takes place

The mail holds no secret: a second one does no harm. A deletion that moves to another day, or is asked for anew after it was cancelled, is
announced anew; what became of an earlier mail is then of no use any more (`forgotten`).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from consumer.errors import GiveUp, Hold, OnHold, Reason
from consumer.events import StepName
from consumer.failpoints import NOTICE, Point
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import BeginStep, EndStep, SaveAccount, Write
from consumer.mail.address import is_address, recipient
from consumer.mail.deletion_notice import NoticeValues
from consumer.mail.mailgun import SERVICE
from consumer.mail.message_id import message_id
from consumer.mail.port import Mail, Mailer
from consumer.policy.deletion import lead
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import deletion_put_off, failed
from consumer.provisioning.planning import is_unannounced
from consumer.provisioning.steps.mails import began_to_send, is_accepted, mail_domain
from consumer.tenants import DeletionNotice

log = structlog.get_logger()


async def ensure_noticed(case: Case) -> None:
    """Returns when the deletion is announced, is not due to be announced yet, or can never be. Does nothing without an account."""
    account, notice = case.standing, case.tenant.deletion.notice
    if account is None or notice is None or not is_unannounced(account, case.tenant, case.now()):
        return
    mailer = case.institution.mailer
    if mailer is None:
        raise Hold("There is no mail service to announce the deletion.", reason=Reason.TENANT_UNUSABLE)
    if not (case.uncertain(StepName.NOTICE) and await _found(case, mailer, account, notice)):
        await _send(case, mailer, account, notice)


def forgotten(case: Case) -> Sequence[Write]:
    """What frees the step for another appointment, where an earlier one's mail has an unknown outcome."""
    step = case.effects.known.steps.get((case.provider, StepName.NOTICE))
    free = step is None or not step.is_open
    return [] if free else [EndStep(case.provider, StepName.NOTICE, StepState.RETRYABLE)]


async def _found(case: Case, mailer: Mailer, account: Account, notice: DeletionNotice) -> bool:
    """Whether the mail with the unknown outcome was accepted. Raises `RetryLater` until that can be known."""
    began, step = began_to_send(case, StepName.NOTICE), case.step(StepName.NOTICE)
    ident = _message_id(case, account, step.version if step else case.version)
    try:
        accepted = await is_accepted(case, StepName.NOTICE, mailer, ident, since=began)
    except (Hold, OnHold):
        return False
    if accepted:
        _, unreached = _readers(case, notice)
        done = EndStep(case.provider, StepName.NOTICE, StepState.DONE)
        await case.effects.commit([done, *_announced(case, account, notice, began, unreached)], Point.NOTICE_FOUND)
    return accepted


async def _send(case: Case, mailer: Mailer, account: Account, notice: DeletionNotice) -> None:
    readers, unreached = _readers(case, notice)
    while readers:
        now = case.now()
        mail = _mail(case, account, readers, _deletion(account, notice, now), notice)
        try:
            await _handed_over(case, mailer, mail, _announced(case, account, notice, now, unreached))
        except GiveUp:
            readers, unreached = _readers(case, notice)  # without the student, whose address was refused
        else:
            return
    if unreached:
        await _refused(case, account, unreached)


async def _handed_over(case: Case, mailer: Mailer, mail: Mail, then: Sequence[Write]) -> None:
    """Raises `GiveUp` where the student's address is rejected permanently, `Hold` where the office's is, which a person must correct."""

    async def call(timeout: float) -> None:
        try:
            await mailer.send(mail, timeout=timeout)
        except GiveUp as refusal:
            if mail.recipient not in _office(case):
                raise
            why = "The mail service refused an address of the office: see `deletion.notice.office`."
            raise Hold(why, reason=Reason.MAIL_REFUSED, code=refusal.code) from None

    await case.effects.step(
        case.provider,
        StepName.NOTICE,
        NOTICE,
        service=SERVICE,
        part="notices",
        request_hash=hashlib.sha256(mail.message_id.encode()).digest(),
        call=call,
        then=lambda _: then,
    )


def _announced(
    case: Case, account: Account, notice: DeletionNotice, sent_at: datetime, unreached: GiveUp | None
) -> Sequence[Write]:
    """What follows from a mail that was accepted. It named the time that the account has now, or is given here."""
    at = _deletion(account, notice, sent_at)
    announced = replace(account, delete_at=at, notice_at=None, noticed_for=at)
    return [
        SaveAccount(announced),
        *([deletion_put_off(case, at)] if at != account.delete_at else ()),
        *(_report(case, unreached) if unreached else ()),
    ]


async def _refused(case: Case, account: Account, why: GiveUp) -> None:
    """No one can be written to. The account is not kept for that."""
    attempt = [
        BeginStep(case.provider, StepName.NOTICE, case.version, b"", timeout=0),
        EndStep(case.provider, StepName.NOTICE, StepState.FAILED, why.reason, code=why.code),
    ]
    settled = replace(account, notice_at=None, noticed_for=account.delete_at)
    before = () if _is_refused(case) else attempt
    await case.effects.commit([*before, SaveAccount(settled), *_report(case, why)], Point.NOTICE_REFUSED)


def _report(case: Case, why: GiveUp) -> Sequence[Write]:
    log.warning(
        "student_not_announced_to",
        provider=case.provider,
        step=StepName.NOTICE,
        reason=why.reason,
        code=why.code,
    )
    return [failed(case, StepName.NOTICE, why.reason, str(why), retry_at=None)]


def _deletion(account: Account, notice: DeletionNotice, sent_at: datetime) -> datetime:
    """When the account is deleted, where its notice was sent then."""
    earliest = sent_at + lead(notice)
    return earliest if account.delete_at is None else max(account.delete_at, earliest)


def _readers(case: Case, notice: DeletionNotice) -> tuple[Sequence[str], GiveUp | None]:
    """The recipients, the student first; and why the student is not among them, where a mail to them is wanted."""
    office = _office(case)
    if any(not is_address(one) for one in office):
        why = "An address of the office is no plain e-mail address: see `deletion.notice.office`."
        raise Hold(why, reason=Reason.MAIL_REFUSED)
    if not notice.student:
        return office, None
    try:
        student = recipient(case.student.contact_email, provisioned=(case.tenant.addresses.domain,))
    except GiveUp as fault:
        return office, fault
    if _is_refused(case):
        why = "The mail service rejected the contact address: correct it in the school's information system."
        return office, GiveUp(why, reason=Reason.NO_CONTACT_ADDRESS)
    return (student, *office), None


def _is_refused(case: Case) -> bool:
    """Whether the student's address was rejected permanently for this version."""
    step = case.effects.known.steps.get((case.provider, StepName.NOTICE))
    return step is not None and step.state is StepState.FAILED and step.version == case.version


def _office(case: Case) -> Sequence[str]:
    notice = case.tenant.deletion.notice
    return notice.office if notice else ()


def _message_id(case: Case, account: Account, version: int) -> str:
    """The same for every attempt of an event at the announcement for one day."""
    lease, day = case.job.lease, account.delete_at and account.delete_at.astimezone(UTC).date()
    which = f"{version}/{day}"
    return message_id("deletion", lease.tenant_id, lease.student_id, case.provider, which, domain=mail_domain(case))


def _mail(case: Case, account: Account, readers: Sequence[str], at: datetime, notice: DeletionNotice) -> Mail:
    student, office = case.student, _office(case)
    values = NoticeValues(
        institution=case.tenant.name,
        provider=case.provider,
        given_name=student.given_name,
        family_name=student.family_name,
        sign_in_name=account.address,
        deletion_date=at.astimezone(UTC).date(),
    )
    language = None if readers[0] in office else student.preferred_language
    rendered = case.tools.templates.render(notice.template, notice.languages, language, values)
    ident = _message_id(case, account, case.version)
    return Mail(ident, readers[0], rendered.subject, rendered.text, rendered.html, tuple(readers[1:]))
