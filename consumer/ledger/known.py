"""What the ledger knows of a student's accounts, and what each write makes of it.

`apply` is the meaning of a write, said once: a worker folds what it has committed with it, the ledger in memory is it, and the contract
suite holds PostgreSQL's statements to it. It has no clock and no I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.student import Account, Job, SealedCredential, Step, StepState, Wait
from consumer.ledger.port.writes import (
    BeginStep,
    Defer,
    DestroyCredential,
    EndStep,
    KeepLease,
    Publish,
    RefuseAddress,
    ReleaseAddress,
    SaveAccount,
    SealCredential,
    Settle,
    TenantWaits,
    Verified,
    WaitFor,
    Write,
)

At = tuple[Provider, StepName]
Generation = tuple[Provider, int]

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Known:
    """Immutable. `written_by`: the epoch of the lease under which each step was last written; a step that is not in it was another's."""

    accounts: Mapping[Provider, Account] = field(default_factory=dict[Provider, Account])
    steps: Mapping[At, Step] = field(default_factory=dict[At, Step])
    written_by: Mapping[At, int] = field(default_factory=dict[At, int])
    credentials: Mapping[Generation, SealedCredential] = field(default_factory=dict[Generation, SealedCredential])
    waits: Mapping[At, Wait] = field(default_factory=dict[At, Wait])

    @classmethod
    def of(cls, job: Job) -> "Known":
        """As the student was claimed."""
        credentials = {(one.provider, one.generation): one for one in job.credentials.values()}
        return cls(job.accounts, job.steps, credentials=credentials, waits=job.waits)

    def newest_credential(self, provider: Provider) -> SealedCredential | None:
        """The sealed password of the highest generation."""
        generations = [generation for at, generation in self.credentials if at is provider]
        return self.credentials[provider, max(generations)] if generations else None


def apply(  # noqa: C901, PLR0911  one case a write
    known: Known, write: Write, *, version: int, epoch: int, now: datetime
) -> Known:
    """What is known after the write, which was committed at `now` under the lease `epoch`, whose event is of `version`."""
    match write:
        case BeginStep():
            return _begun(known, write, epoch, now)
        case EndStep():
            return _ended(known, write, epoch, now)
        case Verified(provider):
            return _verified(known, provider, epoch)
        case SaveAccount(account):
            return replace(known, accounts=_with(known.accounts, account.provider, account))
        case RefuseAddress(provider) | ReleaseAddress(provider):
            return replace(known, accounts=_without(known.accounts, provider))
        case SealCredential():
            return _sealed(known, write, now)
        case DestroyCredential(provider):
            kept = {at: one for at, one in known.credentials.items() if at[0] is not provider}
            return replace(known, credentials=kept)
        case Defer(_, causes):
            return replace(known, waits={(one.provider, one.step): _wait(known, one, version, now) for one in causes})
        case Settle():
            return replace(known, waits={})
        case KeepLease() | Publish() | TenantWaits():
            return known  # of the lease, of the outbox, of the tenant


def _begun(known: Known, write: BeginStep, epoch: int, now: datetime) -> Known:
    at = (write.provider, write.name)
    before = known.steps.get(at)
    lost = before is not None and _abandoned(known, before, epoch)
    step = Step(
        *at,
        StepState.STARTED,
        write.version,
        before.attempt + 1 if before else 1,
        write.request_hash,
        now,
        unsure=before is not None and (before.unsure or before.state is StepState.UNKNOWN or lost),
        lost_at=None if before is None else before.started_at if lost else before.lost_at,
    )
    return _stepped(known, step, epoch)


def _ended(known: Known, write: EndStep, epoch: int, now: datetime) -> Known:
    step = known.steps.get((write.provider, write.name))
    if step is None:
        return known
    lost, unknown = _abandoned(known, step, epoch), write.state is StepState.UNKNOWN
    lost_at = step.started_at if lost else step.lost_at
    if unknown and write.reason is Reason.OUTCOME_UNKNOWN:
        lost_at = now
    unsure = step.unsure or write.unsure or unknown or lost
    return _stepped(known, replace(step, state=write.state, reason=write.reason, unsure=unsure, lost_at=lost_at), epoch)


def _verified(known: Known, provider: Provider, epoch: int) -> Known:
    for at, step in known.steps.items():
        if at[0] is provider and step.unsure:
            lost_at = step.lost_at if step.state is StepState.UNKNOWN else None
            known = _stepped(known, replace(step, unsure=False, lost_at=lost_at), epoch)
    return known


def _sealed(known: Known, write: SealCredential, now: datetime) -> Known:
    at = (write.provider, write.generation)
    before = known.credentials.get(at)
    if before is not None and before.expires_at > now:
        return known
    sealed = SealedCredential(*at, write.sealed, now + timedelta(seconds=write.lifetime))
    return replace(known, credentials=_with(known.credentials, at, sealed))


def _wait(known: Known, cause: WaitFor, version: int, now: datetime) -> Wait:
    before = known.waits.get((cause.provider, cause.step))
    if before is None or before.version != version:
        before = Wait(cause.provider, cause.step, cause.reason, version, now, 0)
    attempts = before.attempts + 1 if before.reason is cause.reason else 1
    return replace(
        before, reason=cause.reason, attempts=attempts, code=cause.code, held=cause.held, reported=cause.reported
    )


def _abandoned(known: Known, step: Step, epoch: int) -> bool:
    """Whether another lease began the step and did not end it."""
    return step.state is StepState.STARTED and known.written_by.get((step.provider, step.name)) != epoch


def _stepped(known: Known, step: Step, epoch: int) -> Known:
    at = (step.provider, step.name)
    return replace(known, steps=_with(known.steps, at, step), written_by=_with(known.written_by, at, epoch))


def _with(mapping: Mapping[KeyT, ValueT], key: KeyT, value: ValueT) -> Mapping[KeyT, ValueT]:
    return {**mapping, key: value}


def _without(mapping: Mapping[KeyT, ValueT], key: KeyT) -> Mapping[KeyT, ValueT]:
    return {known: value for known, value in mapping.items() if known != key}
