"""The guard's side for people: what is parked, and their decisions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, assert_never

from consumer.events import Provider, ProviderAction, StepName
from consumer.ledger.port.student import Account, AccountState, Job, StepState


class Verdict(StrEnum):
    """What a person has decided of parked actions."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ParkedAction:
    """An action of a student that waits for a person. `number` rises: what is parked later has a higher one."""

    tenant_id: str
    action: ProviderAction
    student_id: str
    version: int
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Of the tenant's parked actions of this kind up to `number`, as they were listed; later ones stay parked."""

    tenant_id: str
    action: ProviderAction
    number: int
    verdict: Verdict
    by: str
    comment: str


class GuardDesk(Protocol):
    """Blocking. May raise `Unavailable`; both may be repeated."""

    def parked_actions(self, tenant_id: str | None = None) -> Sequence[ParkedAction]:
        """Of the tenant, or of all, by tenant and action, in the order of their numbers. What a newer event has overtaken is none."""
        ...

    def decide(self, decision: Decision) -> int:
        """Makes the students due, and returns how many there were."""
        ...


def takes_away(job: Job) -> bool:
    """Whether the action takes something from an account that the ledger knows. What may be so is."""
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
