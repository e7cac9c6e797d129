"""Planning: what is missing at one provider, by what was known when the student was claimed."""

from dataclasses import replace
from datetime import datetime

from consumer.events import Provider, StepName
from consumer.ledger.port.student import Account, AccountState, StepState
from consumer.policy.deletion import notice_at
from consumer.policy.guard import GuardState
from consumer.policy.plan import KnownAccount, Plan, plan
from consumer.policy.profile import profile, written
from consumer.policy.rules import ROOT, grant, licences_last, withdrawal
from consumer.provisioning.case import BLOCKED, Case
from consumer.tenants import Tenant


def plan_of(case: Case) -> Plan:
    """The plan for the student's newest event."""
    desired, welcome = case.job.desired, case.step(StepName.WELCOME)
    known = KnownAccount(
        unsure=frozenset(
            name
            for name in StepName
            if name is not StepName.NOTICE and (step := case.step(name)) is not None and step.unsure
        ),
        welcomed=welcome is not None
        and (
            welcome.state is StepState.DONE or (welcome.state is StepState.FAILED and welcome.version == case.version)
        ),
    )
    if account := case.job.accounts.get(case.provider):
        known = replace(
            known,
            exists=account.object_id is not None,
            marked=account.marker == case.own_marker,
            suspended=account.state in BLOCKED,
            scheduled=account.delete_at is not None,
            expired=is_expired(account, case.job.now),
            unannounced=is_unannounced(account, case.tenant, case.job.now),
            deleted=account.state is AccountState.DELETED,
            released=account.state is AccountState.RELEASED,
            org_unit=account.org_unit,
            placed=placed(account),
            describes_student=written(case.provider, account.body) == profile(case.provider, case.student)
            and not case.profile_unseen(account),
            renames=case.renames,
            announced_version=account.announced_version,
            licences=account.licences,
            groups=account.groups,
            admin_units=account.admin_units,
            licences_in_doubt=account.licences_in_doubt,
            groups_in_doubt=account.groups_in_doubt,
            admin_units_in_doubt=account.admin_units_in_doubt,
            revisit=account.revisit,
        )
    rejected = case.job.settled and case.job.event_guard is GuardState.REJECTED
    return plan(
        desired.action if desired.providers and not rejected else None,
        case.version,
        known,
        grant(case.tenant, case.student, case.provider),
        withdrawal(case.tenant, case.provider),
        settled=case.job.settled,
        follow=case.follows,
        licences_last=licences_last(case.tenant, case.provider, wants_account=case.wants_account),
    )


def is_expired(account: Account, now: datetime) -> bool:
    """Whether the time has come to delete the account."""
    return account.delete_at is not None and account.delete_at <= now


def is_unannounced(account: Account, tenant: Tenant, now: datetime) -> bool:
    """Whether the time has come to announce that the account will be deleted."""
    at = notice_at(tenant.deletion, account.delete_at, account.noticed_for)
    return at is not None and at <= now


def placed(account: Account) -> str | None:
    """The organisational unit where we put the account last; None where there are none."""
    if account.provider is not Provider.GOOGLE:
        return None
    return account.org_unit or account.body.get("org_unit") or ROOT
