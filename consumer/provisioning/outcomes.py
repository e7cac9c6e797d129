"""Outcome events, built from what the ledger knows. Event ids are derived, so a repeat is the same event."""

from datetime import datetime, timedelta
from uuid import UUID

from consumer.errors import GiveUp, Hold, OutcomeUnknown, Reason, RetryLater
from consumer.events import (
    AccountProvisioned,
    AccountProvisioningFailed,
    Cause,
    MailState,
    Origin,
    Outcome,
    ProvisionedAccount,
    StepName,
    WelcomeEmailStatus,
    outcome_id,
)
from consumer.ledger.port.student import Account
from consumer.ledger.port.writes import Publish
from consumer.provisioning.case import Case

_ENDS = {MailState.ACCEPTED, MailState.NOT_WANTED}


def completed(case: Case) -> Publish:
    """`account-provisioned` again, for an account that was announced while a licence or a group was missing and is complete now."""
    return provisioned(case, case.known_account(), detail="complete")


def provisioned(case: Case, account: Account, *, detail: str = "") -> Publish:
    """`account-provisioned`, once for each version and `detail`."""
    now = case.now()
    object_id = account.object_id or ""
    outcome = AccountProvisioned(
        event_id=_id(case, "account-provisioned", detail),
        occurred_at=now,
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=_cause(case),
        provider=case.provider,
        account=ProvisionedAccount(object_id, account.address, account.address, account.origin or Origin.CREATED),
        identity=case.directory.identity(object_id),
        licences=account.licences,
        groups=account.groups,
        duration_ms=int((now - case.job.desired.accepted_at) / timedelta(milliseconds=1)),
    )
    return _publish(case, outcome)


def failed(case: Case, step: StepName, reason: Reason, message: str, *, retry_at: datetime | None) -> Publish:
    """`account-provisioning-failed`, once for each version, step and reason; final where it is not tried again."""
    outcome = AccountProvisioningFailed(
        event_id=_id(case, "account-provisioning-failed", f"{step}/{reason}"),
        occurred_at=case.now(),
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=_cause(case),
        provider=case.provider,
        step=step,
        reason=reason,
        final=retry_at is None,
        retry_at=retry_at,
        message=message,
    )
    return _publish(case, outcome)


def welcome(
    case: Case,
    state: MailState,
    *,
    message_id: str | None = None,
    fault: GiveUp | Hold | RetryLater | OutcomeUnknown | None = None,
) -> Publish:
    """`welcome-email-status`, once for each account that was created and each state.

    Accepted and not wanted are two ends of the same operation, and share an event id. A restored ledger finds the account, does not know
    that it created it and sent its mail, and wants none: the event that was published stays valid.
    """
    generation = case.account.generation if case.account else 0
    detail = f"0/{MailState.ACCEPTED}" if state in _ENDS else f"{generation}/{state}"
    outcome = WelcomeEmailStatus(
        event_id=_id(case, "welcome-email-status", detail),
        occurred_at=case.now(),
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=_cause(case),
        provider=case.provider,
        state=state,
        reason=fault.reason if fault else None,
        message_id=message_id,
        message=str(fault) if fault else None,
    )
    return _publish(case, outcome)


def _id(case: Case, kind: str, detail: str = "") -> UUID:
    return outcome_id(kind, case.tenant.id, case.student.student_id, case.provider, case.version, detail)


def _publish(case: Case, outcome: Outcome) -> Publish:
    return case.tools.announce(outcome, traceparent=case.job.desired.traceparent)


def _cause(case: Case) -> Cause:
    return Cause(case.job.desired.event.event_id, case.version)
