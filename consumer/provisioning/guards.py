"""What a student's job asks the guard for, by what the ledger knows of the accounts and the tenant's configuration. Pure."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import assert_never

from consumer.events import Provider, ProviderAction, StepName
from consumer.ledger.port.guard import Guards
from consumer.ledger.port.student import Account, AccountState, Job
from consumer.policy.guard import Guarded, guard_limits, kind_of
from consumer.policy.renaming import is_to_be_renamed
from consumer.policy.rules import grant, surplus
from consumer.tenants import OnChange, Tenant


def guards_of(tenant: Tenant) -> Guards:
    """The tenant's limits, and what its students' jobs ask for."""
    return Guards(guard_limits(tenant), partial(_asked, tenant))


def _asked(tenant: Tenant, job: Job) -> Mapping[Guarded, bool]:
    if not job.desired.providers:
        return {}
    whole = kind_of(job.desired.action)
    if whole is not None:
        return {whole: _takes_away(job)}
    return {part: takes(tenant, job) for part, takes in _PARTS.items()}


def _loses_licences(tenant: Tenant, job: Job) -> bool:
    """Whether the rules give some no more that we gave, and are followed."""
    return tenant.on_change is OnChange.FOLLOW and any(
        surplus(one.licences, one.licences_in_doubt, grant(tenant, job.desired.event.student, one.provider).licences)
        for one in _known(job)
    )


def _is_renamed(tenant: Tenant, job: Job) -> bool:
    """Whether an account gets another address by its student's name."""
    return any(
        is_to_be_renamed(tenant, job.desired.event.student, one, renamed_ahead=job.renamed_ahead(one.provider))
        for one in _known(job)
    )


_PARTS: Mapping[Guarded, Callable[[Tenant, Job], bool]] = {
    Guarded.REMOVE_LICENCES: _loses_licences,
    Guarded.RENAME_ACCOUNT: _is_renamed,
}
"""What an event that wants the account may take all the same. The step that would asks the guard: `steps.guarded.may_take`."""


def _known(job: Job) -> Iterator[Account]:
    """The accounts that the ledger knows to exist, at the providers that the event is about."""
    accounts = (job.accounts.get(provider) for provider in job.desired.providers)
    return (one for one in accounts if one is not None and one.object_id is not None)


def _takes_away(job: Job) -> bool:
    return any(_takes_from(job, account) for account in _known(job))


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
    return step is not None and (step.unsure or step.is_open)
