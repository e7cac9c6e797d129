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
from consumer.ledger.port.history import Attempt
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
    RetireAddress,
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
    """Immutable. `written_by`: the epoch of the lease under which each step was last written; a step that is not in it was another's.

    `history`: the attempts that have ended, as far back as this knows them.
    """

    accounts: Mapping[Provider, Account] = field(default_factory=dict[Provider, Account])
    steps: Mapping[At, Step] = field(default_factory=dict[At, Step])
    written_by: Mapping[At, int] = field(default_factory=dict[At, int])
    credentials: Mapping[Generation, SealedCredential] = field(default_factory=dict[Generation, SealedCredential])
    waits: Mapping[At, Wait] = field(default_factory=dict[At, Wait])
    history: tuple[Attempt, ...] = ()

    @classmethod
    def of(cls, job: Job) -> "Known":
        """As the student was claimed."""
        credentials = {(one.provider, one.generation): one for one in job.credentials.values()}
        return cls(job.accounts, job.steps, credentials=credentials, waits=job.waits)

    def newest_credential(self, provider: Provider) -> SealedCredential | None:
        """The sealed password of the highest generation."""
        generations = [generation for at, generation in self.credentials if at is provider]
        return self.credentials[provider, max(generations)] if generations else None


@dataclass(frozen=True, slots=True)
class Tenure:
    """The lease under which something is written: its epoch, who holds it, and the version of the event that was claimed with it."""

    epoch: int
    worker: str
    version: int


def apply(known: Known, write: Write, *, under: Tenure, now: datetime) -> Known:  # noqa: C901, PLR0911  one case a write
    """What is known after the write, which was committed at `now`."""
    match write:
        case BeginStep():
            return _begun(known, write, under, now)
        case EndStep():
            return _ended(known, write, under, now)
        case Verified(provider):
            return _verified(known, provider, under)
        case SaveAccount(account):
            return replace(known, accounts=_with(known.accounts, account.provider, account))
        case RefuseAddress() | ReleaseAddress():
            return _given_up(known, write)
        case SealCredential():
            return _sealed(known, write, now)
        case DestroyCredential(provider):
            kept = {at: one for at, one in known.credentials.items() if at[0] is not provider}
            return replace(known, credentials=kept)
        case Defer(_, causes):
            waits = {(one.provider, one.step): _wait(known, one, under.version, now) for one in causes}
            return replace(known, waits=waits)
        case Settle():
            return replace(known, waits={})
        case KeepLease() | Publish() | RetireAddress() | TenantWaits():
            return known  # of the lease, of the outbox, of reservations, of the tenant


def _given_up(known: Known, write: RefuseAddress | ReleaseAddress) -> Known:
    account, address = known.accounts.get(write.provider), write.address.lower()
    if account is None:
        return known
    if account.address.lower() == address:
        return replace(known, accounts=_without(known.accounts, write.provider))
    if (account.next_address or "").lower() == address:
        stays = replace(account, next_address=None)
        return replace(known, accounts=_with(known.accounts, write.provider, stays))
    return known


def _begun(known: Known, write: BeginStep, under: Tenure, now: datetime) -> Known:
    at = (write.provider, write.name)
    before = known.steps.get(at)
    lost = before if before is not None and _abandoned(known, before, under) else None
    step = Step(
        *at,
        StepState.STARTED,
        write.version,
        before.attempt + 1 if before else 1,
        write.request_hash,
        now,
        now + timedelta(seconds=write.timeout),
        unsure=before is not None and (before.unsure or before.state is StepState.UNKNOWN or lost is not None),
        lost_at=_later(lost) if lost else before.lost_at if before else None,
        replica=under.worker,
    )
    if lost is None:
        return _stepped(known, step, under)
    abandoned = _attempt(lost, StepState.UNKNOWN, lost.deadline, Reason.OUTCOME_UNKNOWN)
    return _stepped(known, step, under, _remembered(known, abandoned))


def _ended(known: Known, write: EndStep, under: Tenure, now: datetime) -> Known:
    step = known.steps.get((write.provider, write.name))
    if step is None:
        return known
    lost, unknown = _abandoned(known, step, under), write.state is StepState.UNKNOWN
    lost_at = _later(step) if lost else step.lost_at
    if unknown and write.reason is Reason.OUTCOME_UNKNOWN:
        lost_at = now
    unsure = step.unsure or write.unsure or unknown or lost
    ended = replace(step, state=write.state, reason=write.reason, unsure=unsure, lost_at=lost_at)
    attempt = _attempt(step, write.state, now, write.reason, write.code, write.request_id)
    return _stepped(known, ended, under, _remembered(known, attempt))


def _attempt(
    step: Step,
    state: StepState,
    ended_at: datetime,
    reason: Reason | None,
    code: str | None = None,
    request_id: str | None = None,
) -> Attempt:
    began = step.provider, step.name, step.attempt, state, step.version, step.started_at
    return Attempt(*began, ended_at, reason, code, request_id, step.replica)


def _remembered(known: Known, attempt: Attempt) -> tuple[Attempt, ...]:
    """A repeat of how an attempt ended changes nothing."""
    same = any(
        (one.provider, one.step, one.number, one.state)
        == (attempt.provider, attempt.step, attempt.number, attempt.state)
        for one in known.history
    )
    return known.history if same else (*known.history, attempt)


def _later(step: Step) -> datetime:
    """When the last attempt without a known outcome was over, this abandoned one counted."""
    return step.deadline if step.lost_at is None else max(step.lost_at, step.deadline)


def _verified(known: Known, provider: Provider, under: Tenure) -> Known:
    for at, step in known.steps.items():
        if at[0] is provider and step.unsure:
            lost_at = step.lost_at if step.state is StepState.UNKNOWN else None
            known = _stepped(known, replace(step, unsure=False, lost_at=lost_at), under)
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


def _abandoned(known: Known, step: Step, under: Tenure) -> bool:
    """Whether another lease began the step and did not end it."""
    return step.state is StepState.STARTED and known.written_by.get((step.provider, step.name)) != under.epoch


def _stepped(known: Known, step: Step, under: Tenure, history: tuple[Attempt, ...] | None = None) -> Known:
    """With this step, and this history where it has grown. Made anew at once: `replace` after `replace` showed in a worker's profile."""
    at = (step.provider, step.name)
    return Known(
        known.accounts,
        {**known.steps, at: step},
        {**known.written_by, at: under.epoch},
        known.credentials,
        known.waits,
        known.history if history is None else history,
    )


def _with(mapping: Mapping[KeyT, ValueT], key: KeyT, value: ValueT) -> Mapping[KeyT, ValueT]:
    return {**mapping, key: value}


def _without(mapping: Mapping[KeyT, ValueT], key: KeyT) -> Mapping[KeyT, ValueT]:
    return {known: value for known, value in mapping.items() if known != key}
