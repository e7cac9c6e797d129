"""Welcome: the mail with the credentials, at most one with a password that works.

A mail with an unknown outcome is looked up (`mails`). If it is not found, the password in it is replaced before another mail is sent, and
only if the account was not used:

    unknown ──hold-down──▶ look up ──found──▶ accepted
                              │ not found
                              ▼
                     was the account used? ──yes, or unknown──▶ a person must look
                              │ no
                              ▼
                     replace the password ──▶ send the new one, under a new Message-Id

A password that has expired before its mail could be sent is replaced in the same way.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from consumer.errors import GiveUp, Hold, Reason
from consumer.events import MailState, Origin, StepName
from consumer.failpoints import WELCOME, Point
from consumer.ledger.port.student import StepState
from consumer.ledger.port.writes import BeginStep, DestroyCredential, EndStep, Write
from consumer.mail.address import recipient
from consumer.mail.mailgun import SERVICE
from consumer.mail.message_id import message_id
from consumer.mail.port import Mail, Mailer
from consumer.mail.welcome import WelcomeValues
from consumer.observe import tracing
from consumer.provisioning.case import Case
from consumer.provisioning.outcomes import welcome
from consumer.provisioning.steps.mails import began_to_send, is_accepted, mail_domain
from consumer.provisioning.steps.password import replace_password, sealed_password, was_used


async def ensure_welcomed(case: Case) -> None:
    """Returns when the mail was accepted, is not wanted, or had failed for this version before. Without an account there is none."""
    if case.standing is None:
        return
    step = case.effects.known.steps.get((case.provider, StepName.WELCOME))
    if step and (step.state is StepState.DONE or (step.state is StepState.FAILED and step.version == case.version)):
        return
    mailer = case.institution.mailer
    if case.known_account().origin is not Origin.CREATED or not case.tenant.welcome_email.enabled or mailer is None:
        await _not_wanted(case)
    elif case.uncertain(StepName.PASSWORD):
        # The password may have been replaced already: whatever became of the mail that bore the old one is of no use any more.
        await _send_another(case, mailer, Reason.OUTCOME_UNKNOWN)
    elif case.uncertain(StepName.WELCOME):
        if not await _found(case, mailer):
            await _send_another(case, mailer, Reason.OUTCOME_UNKNOWN)
    elif not case.has_password(case.known_account().generation):
        await _send_another(case, mailer, Reason.CREDENTIAL_EXPIRED)
    elif case.created_now:
        await _send(case, mailer)
    elif step is not None or not await _was_forgotten(case, mailer):
        await _refuse_replaced(case)
        await _send(case, mailer)


async def _was_forgotten(case: Case, mailer: Mailer) -> bool:
    """Whether a mail was sent of which this ledger has no record, because the ledger was restored from a backup.

    Where the mail service does not let us look, the ledger is believed.
    """
    created = case.step(StepName.CREATE)
    try:
        return await _is_accepted(case, mailer, since=created.started_at if created else case.job.now)
    except Hold:
        return False


async def _refuse_replaced(case: Case) -> None:
    """A delayed mail must not contain a password that the school or the student has changed meanwhile."""
    if await was_used(case, case.known_account().object_id or ""):
        raise GiveUp(
            "The password was changed at the provider while its mail waited.", reason=Reason.CREDENTIAL_REPLACED
        )


async def _not_wanted(case: Case) -> None:
    await case.effects.commit(
        [
            BeginStep(case.provider, StepName.WELCOME, case.version, b"", timeout=0),
            EndStep(case.provider, StepName.WELCOME, StepState.DONE),
            DestroyCredential(case.provider),
            welcome(case, MailState.NOT_WANTED),
        ],
        Point.WELCOME_NOT_WANTED,
    )


async def _send_another(case: Case, mailer: Mailer, reason: Reason) -> None:
    _recipient(case)  # before the password is replaced: the mail may have no valid recipient
    await replace_password(case, reason)
    await _send(case, mailer)


async def _send(case: Case, mailer: Mailer) -> None:
    mail = _mail(case)
    await case.effects.step(
        case.provider,
        StepName.WELCOME,
        WELCOME,
        service=SERVICE,
        request_hash=hashlib.sha256(mail.message_id.encode()).digest(),
        call=lambda t: mailer.send(mail, timeout=t),
        then=lambda _: [
            DestroyCredential(case.provider),
            welcome(case, MailState.ACCEPTED, message_id=mail.message_id),
        ],
    )
    case.effects.metrics.time_to_welcome.observe(case.took, tracing.exemplar())


async def _found(case: Case, mailer: Mailer) -> bool:
    """Whether the mail with the unknown outcome was accepted. Raises `RetryLater` until that can be known."""
    return await _is_accepted(case, mailer, since=began_to_send(case, StepName.WELCOME))


async def _is_accepted(case: Case, mailer: Mailer, *, since: datetime) -> bool:
    """Whether the mail service has accepted this generation's mail since then; the step is done then."""
    ident = _message_id(case)
    accepted = await is_accepted(case, StepName.WELCOME, mailer, ident, since=since)
    if accepted:
        await case.effects.commit(
            [
                *_begun(case),
                EndStep(case.provider, StepName.WELCOME, StepState.DONE),
                DestroyCredential(case.provider),
                welcome(case, MailState.ACCEPTED, message_id=ident),
            ],
            Point.WELCOME_FOUND,
        )
        case.effects.metrics.time_to_welcome.observe(case.took, tracing.exemplar())
    return accepted


def _begun(case: Case) -> Sequence[Write]:
    """The step's beginning, where the ledger has none."""
    return (
        [BeginStep(case.provider, StepName.WELCOME, case.version, b"", timeout=0)]
        if case.step(StepName.WELCOME) is None
        else []
    )


def _message_id(case: Case) -> str:
    lease, generation = case.job.lease, str(case.known_account().generation)
    return message_id("welcome", lease.tenant_id, lease.student_id, case.provider, generation, domain=mail_domain(case))


def _recipient(case: Case) -> str:
    return recipient(case.student.contact_email, provisioned=(case.tenant.addresses.domain,))


def _mail(case: Case) -> Mail:
    to, account = _recipient(case), case.known_account()
    password, _ = sealed_password(case, account.generation)
    settings = case.tenant.welcome_email
    values = WelcomeValues(
        institution=case.tenant.name,
        provider=case.provider,
        preferred_name=case.student.preferred_name or case.student.given_name or case.student.family_name,
        sign_in_name=account.address,
        password=password,
    )
    rendered = case.tools.templates.render(
        settings.template, settings.languages, case.student.preferred_language, values
    )
    return Mail(_message_id(case), to, rendered.subject, rendered.text, rendered.html)
