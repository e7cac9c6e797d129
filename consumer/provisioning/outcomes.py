"""Outcome events, built from what the ledger knows. Event ids are derived, so a repeat is the same event."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from consumer.errors import GiveUp, Hold, OutcomeUnknown, Reason, RetryLater
from consumer.events import (
    AccountChange,
    AccountChanged,
    AccountPart,
    AccountProvisioned,
    AccountProvisioningFailed,
    Cause,
    MailState,
    Origin,
    Outcome,
    ProviderAction,
    ProvisionedAccount,
    StepName,
    WelcomeEmailStatus,
    outcome_id,
)
from consumer.ledger.port.student import Account, AccountState
from consumer.ledger.port.writes import Publish
from consumer.observe import tracing
from consumer.policy.guard import Guarded
from consumer.policy.rules import grant, withdrawal
from consumer.provisioning.case import Case

_ENDS = {MailState.ACCEPTED, MailState.NOT_WANTED}


def completed(case: Case) -> Publish:
    """The same outcome again, of an account that was reported while a part was missing and is complete now."""
    if case.wants_account:
        return provisioned(case, case.known_account(), detail="complete")
    return suspended(case, detail="complete")


def provisioned(case: Case, account: Account, *, detail: str = "") -> Publish:
    """`account-provisioned`, once for each version and `detail`."""
    now = case.now()
    object_id = account.object_id or ""
    outcome = AccountProvisioned(
        event_id=_id(case, "account-provisioned", detail),
        occurred_at=now,
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=cause(case),
        provider=case.provider,
        account=_described(account),
        identity=case.directory.identity(object_id),
        licences=account.licences,
        groups=account.groups,
        duration_ms=_took(case, now),
    )
    return publish(case, outcome)


def suspended(case: Case, *, detail: str = "") -> Publish:
    """`account-changed` of a suspension, once for each version and `detail`: what was withdrawn, and what could not be yet."""
    account, wanted = case.known_account(), withdrawal(case.tenant, case.provider)
    done = {AccountPart.SIGN_IN: True}
    if wanted.sessions:
        done[AccountPart.SESSIONS] = case.done(StepName.SESSIONS)
    if wanted.licences:
        done[AccountPart.LICENCES] = _is_as(case, StepName.LICENCES, account.licences, account.licences_in_doubt, ())
    if wanted.org_unit is not None:
        done[AccountPart.ORG_UNIT] = account.org_unit == wanted.org_unit
    return _changed(case, AccountChange.SUSPENDED, done, detail=detail)


def changed(case: Case) -> Iterator[Publish]:
    """What is reported of an event that takes something away, once for each version."""
    match case.job.desired.action, case.known_account().state:
        case ProviderAction.RELEASE_ACCOUNT, AccountState.RELEASED:
            yield _changed(case, AccountChange.RELEASED, {AccountPart.MARKER: True})
        case ProviderAction.DELETE_ACCOUNT, AccountState.DELETED:
            yield deleted(case)
        case ProviderAction.DELETE_ACCOUNT, _:
            yield suspended(case)
            yield _changed(case, AccountChange.DELETION_SCHEDULED, {}, delete_at=case.known_account().delete_at)
        case ProviderAction.SUSPEND_ACCOUNT, _:
            yield suspended(case)
        case _:
            pass


def deletion_put_off(case: Case, at: datetime) -> Publish:
    """`account-changed` of an account that will be deleted later than was reported, because it was announced late."""
    return _changed(case, AccountChange.DELETION_SCHEDULED, {}, detail="put off", delete_at=at)


def deletion_cancelled(case: Case) -> Publish:
    """`account-changed` of an account that will not be deleted after all, once for each version."""
    return _changed(case, AccountChange.DELETION_CANCELLED, {})


def deleted(case: Case) -> Publish:
    """`account-changed` of an account that is gone, once for each version."""
    return _changed(case, AccountChange.DELETED, {AccountPart.ACCOUNT: True})


def reactivated(case: Case) -> Publish:
    """`account-changed` of an account that was opened again, once for each version."""
    return _changed(case, AccountChange.REACTIVATED, {AccountPart.SIGN_IN: True})


def followed(case: Case) -> Iterator[Publish]:
    """`account-changed` of an account that was announced before and follows the rules: what was written for this version, and what is
    missing of it, once for each version.
    """
    before = case.job.accounts.get(case.provider)
    if not case.follows or before is None or before.announced_version < 0:
        return
    account, given = case.known_account(), grant(case.tenant, case.student, case.provider)
    done = {
        (StepName.PROFILE, AccountPart.PROFILE): case.done(StepName.PROFILE),
        (StepName.LICENCES, AccountPart.LICENCES): _is_as(
            case, StepName.LICENCES, account.licences, account.licences_in_doubt, given.licences
        ),
        (StepName.GROUPS, AccountPart.GROUPS): _is_as(
            case, StepName.GROUPS, account.groups, account.groups_in_doubt, given.groups
        ),
        (StepName.ADMIN_UNIT, AccountPart.ADMIN_UNIT): _is_as(
            case, StepName.ADMIN_UNIT, account.admin_units, account.admin_units_in_doubt, given.admin_units
        ),
    }
    kept = {StepName.LICENCES} if case.job.is_kept(Guarded.REMOVE_LICENCES) else set[StepName]()
    tried = {name for name, _ in done if case.tried(name)}
    updated = {
        part: is_done for (name, part), is_done in done.items() if name in tried or (name in kept and not is_done)
    }
    if any(updated.values()):
        yield _changed(case, AccountChange.UPDATED, updated)
    if case.done(StepName.RENAME):
        yield _changed(case, AccountChange.RENAMED, {AccountPart.ADDRESS: True})
    if case.done(StepName.UNIT):
        yield _changed(case, AccountChange.MOVED, {AccountPart.ORG_UNIT: True})


def _is_as(case: Case, name: StepName, has: Sequence[str], in_doubt: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the account has what is wanted, and what it may have besides was taken for this version."""
    return set(has) == set(wanted) and (case.done(name) or set(in_doubt) <= set(wanted))


_OF_DELETIONS = {AccountChange.DELETION_SCHEDULED, AccountChange.DELETION_CANCELLED, AccountChange.DELETED}


def _changed(
    case: Case,
    change: AccountChange,
    done: Mapping[AccountPart, bool],
    *,
    detail: str = "",
    delete_at: datetime | None = None,
) -> Publish:
    """A status without an action cancels a deletion too: outcomes about deletions carry the deletion's action."""
    now = case.now()
    outcome = AccountChanged(
        event_id=_id(case, "account-changed", f"{change}/{detail}"),
        occurred_at=now,
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=cause(case),
        provider=case.provider,
        action=ProviderAction.DELETE_ACCOUNT if change in _OF_DELETIONS else case.job.desired.action,
        change=change,
        account=_described(case.known_account()),
        parts=tuple(part for part, is_done in done.items() if is_done),
        missing=tuple(part for part, is_done in done.items() if not is_done),
        duration_ms=_took(case, now),
        delete_at=delete_at,
    )
    return publish(case, outcome)


def failed(case: Case, step: StepName, reason: Reason, message: str, *, retry_at: datetime | None) -> Publish:
    """`account-provisioning-failed`, once for each version, step and reason; final where it is not tried again."""
    outcome = AccountProvisioningFailed(
        event_id=_id(case, "account-provisioning-failed", f"{step}/{reason}"),
        occurred_at=case.now(),
        tenant_id=case.tenant.id,
        student_id=case.student.student_id,
        cause=cause(case),
        provider=case.provider,
        step=step,
        reason=reason,
        final=retry_at is None,
        retry_at=retry_at,
        message=message,
        action=case.job.desired.action,
    )
    return publish(case, outcome)


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
        cause=cause(case),
        provider=case.provider,
        state=state,
        reason=fault.reason if fault else None,
        message_id=message_id,
        message=str(fault) if fault else None,
    )
    return publish(case, outcome)


def _described(account: Account) -> ProvisionedAccount:
    return ProvisionedAccount(
        account.object_id or "", account.address, account.address, account.origin or Origin.CREATED
    )


def _took(case: Case, now: datetime) -> int:
    return int((now - case.job.desired.accepted_at) / timedelta(milliseconds=1))


def _id(case: Case, kind: str, detail: str = "") -> UUID:
    return outcome_id(kind, case.tenant.id, case.student.student_id, case.provider, case.version, detail)


def publish(case: Case, outcome: Outcome) -> Publish:
    """The outcome, ready for the outbox."""
    return case.tools.announce(outcome, traceparent=tracing.traceparent() or case.job.desired.traceparent)


def cause(case: Case) -> Cause:
    """The event that is worked."""
    return Cause(case.job.desired.event.event_id, case.version)
