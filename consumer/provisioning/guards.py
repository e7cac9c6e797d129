"""What a student's job asks the guard for, by what the ledger knows of the accounts and the tenant's configuration. Pure."""

from collections.abc import Mapping
from functools import partial
from typing import assert_never

from consumer.events import Provider, ProviderAction, StepName
from consumer.ledger.port.guard import Guards
from consumer.ledger.port.student import Account, AccountState, Job, StepState
from consumer.policy.guard import Guarded, guard_limits, kind_of
from consumer.tenants import Tenant


def guards_of(tenant: Tenant) -> Guards:
    """The tenant's limits, and what its students' jobs ask for."""
    return Guards(guard_limits(tenant), partial(_asked, tenant))


def _asked(_tenant: Tenant, job: Job) -> Mapping[Guarded, bool]:
    if not job.desired.providers:
        return {}
    whole = kind_of(job.desired.action)
    return {} if whole is None else {whole: _takes_away(job)}


def _takes_away(job: Job) -> bool:
    known = [job.accounts[provider] for provider in job.desired.providers if provider in job.accounts]
    return any(account.object_id is not None and _takes_from(job, account) for account in known)


def _takes_from(job: Job, account: Account) -> bool:
    match job.desired.action:
        case ProviderAction.SUSPEND_ACCOUNT:
            return account.state is AccountState.ACTIVE or _may_be_opened(job, account.provider)
        case ProviderAction.DELETE_ACCOUNT:
            return account.state is not AccountState.DELETED
        case ProviderAction.RELEASE_ACCOUNT:
            return account.state not in {AccountState.DELETED, AccountState.RELEASED}
        case ProviderAction.CREATE_ACCOUNT | ProviderAction.UPDATE_ACCOUNT:
            return False
        case _:
            assert_never(job.desired.action)


def _may_be_opened(job: Job, provider: Provider) -> bool:
    """A reactivation whose outcome is not known may have been carried out."""
    step = job.steps.get((provider, StepName.REACTIVATE))
    return step is not None and (step.unsure or step.state in {StepState.STARTED, StepState.UNKNOWN})
