"""What the ledger knows of a student whose work is claimed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from consumer.errors import Reason
from consumer.events import Origin, Provider, ProviderAction, StepName, StudentStatusChanged
from consumer.policy.guard import Guarded, GuardState, kind_of
from consumer.policy.work_class import WorkClass, of_action


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write about one student; every write is checked against `epoch`.

    `written`: how many commits its holder knows to be in the ledger. One that has fewer has lost some, as a standby that lagged behind,
    and what the holder would write next depends on them.
    """

    tenant_id: str
    student_id: str
    epoch: int
    written: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Desired:
    """The newest event that was accepted for a student. Without `providers` it requests no action: it cancels what came before."""

    event: StudentStatusChanged
    action: ProviderAction
    providers: tuple[Provider, ...]
    accepted_at: datetime
    traceparent: str | None = None

    @property
    def wants_account(self) -> bool:
        """Whether its action wants the student to be able to sign in."""
        return self.action in {ProviderAction.CREATE_ACCOUNT, ProviderAction.UPDATE_ACCOUNT}

    @property
    def creates_account(self) -> bool:
        """Whether its action makes an account for a student who has none, and restores one that was deleted."""
        return self.action is ProviderAction.CREATE_ACCOUNT

    @property
    def work_class(self) -> WorkClass:
        """Of the work that it requests."""
        return of_action(self.action) if self.providers else WorkClass.NORMAL


class AccountState(StrEnum):
    """What this service has made of an account."""

    ACTIVE = "active"
    SUSPENDED = "suspended"  # we have blocked its sign-in, or begun to: opening it again is ours too
    DELETED = "deleted"  # we have suspended it, and deleted it or begun to
    RELEASED = "released"  # we have taken our marker off it, or begun to: it is the institution's own


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a student's account at one provider. `address` is reserved; without `object_id` it may not exist yet.

    `body`: what was written to it last, by its creation or since. `org_unit`: where it was moved to since its creation; None: where
    `body` put it. `announced_version`: the newest version whose outcome for the account was published. `admin_units`: those that this
    service put it into: one, and two while it changes. `licences_in_doubt`, `groups_in_doubt`, `admin_units_in_doubt`: what calls may
    have given besides, or may not have taken, as their outcome is not known; kept where what was given is taken again. `revisit`: a
    reconciliation found it changed by others, and it is to be looked at again. `delete_at`: when it is to be deleted; the student is due
    then, and at `notice_at`, when that is to be announced. `noticed_for`: the time of the deletion for which nothing is left to announce.
    `next_address`: the reserved address that it is being renamed to. `incomplete`: that version was reported while a part was missing.
    """

    provider: Provider
    address: str
    marker: str
    body: Mapping[str, str | None]
    generation: int = 0
    object_id: str | None = None
    origin: Origin | None = None
    licences: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    announced_version: int = -1
    state: AccountState = AccountState.ACTIVE
    org_unit: str | None = None
    licences_in_doubt: tuple[str, ...] = ()
    groups_in_doubt: tuple[str, ...] = ()
    revisit: bool = False
    delete_at: datetime | None = None
    next_address: str | None = None
    notice_at: datetime | None = None
    noticed_for: datetime | None = None
    incomplete: bool = False
    admin_units: tuple[str, ...] = ()
    admin_units_in_doubt: tuple[str, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        """When the student is due because of it, with nothing else left to do."""
        if self.delete_at is None or self.notice_at is None:
            return self.delete_at
        return min(self.notice_at, self.delete_at)


class StepState(StrEnum):
    """A step's life: STARTED is committed before the call; every other state after it.

    STARTED → DONE | FAILED | HELD | RETRYABLE | UNKNOWN; all but DONE may be STARTED again (FAILED only by a newer event).
    A STARTED that a dead worker left counts as UNKNOWN. The worker that resolves it ends it; `Step.unsure` stays.
    """

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"  # final for this version
    HELD = "held"  # waits for a person
    RETRYABLE = "retryable"  # definitely not carried out; to be tried again
    UNKNOWN = "unknown"  # may have been carried out


@dataclass(frozen=True, slots=True)
class Step:
    """The newest record of one kind of effect for one student at one provider.

    `unsure`: since the account was last verified, an attempt ended UNKNOWN or lost its owner, and may still be on its way, whatever
    has become of later ones. `lost_at` is when the newest of those attempts was over, or the one whose outcome is unknown to this day.
    The ledger keeps both by itself. `deadline`: when the attempt's call is over at the latest; `replica` began it.
    """

    provider: Provider
    name: StepName
    state: StepState
    version: int
    attempt: int
    request_hash: bytes
    started_at: datetime
    deadline: datetime
    reason: Reason | None = None
    unsure: bool = False
    lost_at: datetime | None = None
    replica: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is not known what became of the newest attempt."""
        return self.state in {StepState.STARTED, StepState.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a student waits at one step. `code` is the vendor's own, `held`: a person must act.

    `since`: from when on this version has waited at this step, for whatever reason. `attempts`: how often in a row for this very reason.
    `reported`: downstream knows.
    """

    provider: Provider
    step: StepName
    reason: Reason
    version: int
    since: datetime
    attempts: int
    code: str | None = None
    held: bool = False
    reported: bool = False


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """A password that only the vault can open; see `consumer.ledger.vault`."""

    provider: Provider
    generation: int
    sealed: bytes = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed student with everything known about them. `guard`: where each kind stands that it may need and that has a limit."""

    lease: Lease
    desired: Desired
    now: datetime
    attempt: int
    settled_version: int = -1
    accounts: Mapping[Provider, Account] = field(default_factory=dict[Provider, Account])
    steps: Mapping[tuple[Provider, StepName], Step] = field(default_factory=dict[tuple[Provider, StepName], Step])
    credentials: Mapping[Provider, SealedCredential] = field(default_factory=dict[Provider, SealedCredential])
    waits: Mapping[tuple[Provider, StepName], Wait] = field(default_factory=dict[tuple[Provider, StepName], Wait])
    guard: Mapping[Guarded, GuardState] = field(default_factory=dict[Guarded, GuardState])

    @property
    def work_class(self) -> WorkClass:
        """Of what is left to do: a verification, or a deletion when its time has come, overtakes nothing."""
        return WorkClass.NORMAL if self.settled else self.desired.work_class

    @property
    def settled(self) -> bool:
        """Whether the newest event is settled: then the student is due because a step is unsure, or for a deletion (see `Settle`)."""
        return self.settled_version >= self.desired.event.version

    @property
    def event_guard(self) -> GuardState | None:
        """Where the event stands as a whole; None where nothing guards it."""
        kind = kind_of(self.desired.action)
        return None if kind is None else self.guard.get(kind)

    def renamed_ahead(self, provider: Provider) -> bool:
        """Whether the account was renamed for an event whose names were not written to it: a newer one came in between."""
        rename = self.steps.get((provider, StepName.RENAME))
        if rename is None:
            return False
        named = [
            step.version
            for name in (StepName.CREATE, StepName.PROFILE)
            if (step := self.steps.get((provider, name))) is not None and step.state is StepState.DONE
        ]
        return rename.version > max(named, default=rename.version)

    def is_kept(self, kind: Guarded) -> bool:
        """Whether the guard does not let this be taken."""
        return self.guard.get(kind) in {GuardState.PARKED, GuardState.REJECTED}
