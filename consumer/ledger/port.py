"""What the three loops may rely on. `consumer.ledger` keeps these ports on PostgreSQL, the tests' fake keeps them in memory;
one contract suite runs on both. All times are the database's own; durations are seconds. It is long because it is whole: what a loop may
rely on is in one place.

Every method may raise `Unavailable` (nothing was written, or a commit's answer was lost: all writes are safe to repeat).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from consumer.errors import Reason
from consumer.events import Origin, Provider, ProviderAction, StepName, StudentStatusChanged

# --- intake ----------------------------------------------------------------------------------------------------------------


class Disposition(StrEnum):
    """What became of an event that was read. The last four leave the inbox unchanged; it keeps the others."""

    PENDING = "pending"  # accepted; not settled yet
    APPLIED = "applied"
    SUPERSEDED = "superseded"  # an event of a higher version came first, or before this one was begun
    FAILED = "failed"
    DUPLICATE = "duplicate"  # this event_id is in the inbox with the same content
    REUSED_ID = "reused_id"  # this event_id is in the inbox with other content: a dead letter
    SKIPPED = "skipped"  # asks for nothing, and there was no work to cancel
    LOCKED = "locked"  # another transaction holds the student's row: nothing was written, give it again later


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as it was read: it acts or, with no `providers`, asks for nothing and cancels work that is not settled.

    `value` is the whole record's: rows of earlier versions hold its SHA-256, by which a redelivered event is known.
    """

    topic: str
    partition: int
    offset: int
    event: StudentStatusChanged
    action: ProviderAction
    providers: tuple[Provider, ...]
    value: bytes = field(repr=False)
    traceparent: str | None = None

    @property
    def cancels(self) -> bool:
        """Whether it only cancels."""
        return not self.providers


Place = tuple[str, int]
"""A topic and a partition of it."""

FROM_BEGINNING = -1
"""The next offset of a partition of which this ledger has never seen anything."""


@dataclass(frozen=True, slots=True)
class Ownership:
    """A partition's new epoch, and the next offset as the ledger knows it.

    `next_offset` is FROM_BEGINNING where the ledger is new to the partition, and None where only a version that did not keep it has
    written for it.
    """

    epoch: int
    next_offset: int | None


class Inbox(Protocol):
    """Loop 1's side. Blocking: it is called from the thread that owns the Kafka consumer."""

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        """Takes the partitions over: gives each a new, higher epoch and returns it. Older epochs are fenced from then on."""
        ...

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        stored: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
    ) -> Sequence[Disposition]:
        """Writes a whole batch in one transaction and wakes the workers; one answer for each arrival, in order.

        `offsets` are the next offsets of partitions, stored with it; that of a partition with a LOCKED arrival is stored no higher than
        the arrival's own. Students whose rows are locked are waited for, but not long; with `skip_locked` not at all.

        Events that act come before those that cancel, whatever their order: a cancelling event of a higher version than the student's
        unsettled one becomes the newest (PENDING until it is settled), any other is SKIPPED.

        `stored` are the next offsets that the ledger is known to have had. A ledger with lower ones has lost commits: a standby that
        lagged has taken over.

        Idempotent. Raises `Fenced` where a partition of `arrivals` or `offsets` has a newer epoch, or a lower offset than it had:
        nothing is written then, and the partition must be taken over anew.
        """
        ...

    def store_offsets(
        self,
        offsets: Mapping[Place, int],
        *,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> None:
        """Stores next offsets where nothing was accepted. Raises `Fenced` as `accept` does."""
        ...

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        """Which of them have a student whose newest event is not settled."""
        ...


# --- provisioning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write about one student; every write is checked against `epoch`."""

    tenant_id: str
    student_id: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Desired:
    """The newest event that was accepted for a student. Without `providers` it asks for nothing: it cancels what came before."""

    event: StudentStatusChanged
    action: ProviderAction
    providers: tuple[Provider, ...]
    accepted_at: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What is known of a student's account at one provider. `address` is reserved; without `object_id` it may not exist yet."""

    provider: Provider
    address: str
    marker: str
    body: Mapping[str, str | None]
    generation: int = 0
    object_id: str | None = None
    origin: Origin | None = None
    licences: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    settled_version: int = -1


class StepState(StrEnum):
    """A step's life: STARTED is committed before the call; every other state after it.

    STARTED → DONE | FAILED | HELD | THROTTLED | UNKNOWN; all but DONE may be STARTED again (FAILED only by a newer event).
    A STARTED that a dead worker left counts as UNKNOWN. The worker that resolves it ends it; `Step.unsure` stays.
    """

    STARTED = "started"
    DONE = "done"
    FAILED = "failed"  # final for this version
    HELD = "held"  # waits for a person
    THROTTLED = "throttled"  # definitely not carried out; to be tried again
    UNKNOWN = "unknown"  # may have been carried out


@dataclass(frozen=True, slots=True)
class Step:
    """The newest record of one kind of effect for one student at one provider.

    `unsure`: since the account was last verified, an attempt ended UNKNOWN or lost its owner, and may still be on its way, whatever
    has become of later ones. `lost_at` is when the newest of those attempts was over, or the one whose outcome is unknown to this day.
    The ledger keeps both by itself.
    """

    provider: Provider
    name: StepName
    state: StepState
    version: int
    attempt: int
    request_hash: bytes
    started_at: datetime
    reason: Reason | None = None
    unsure: bool = False
    lost_at: datetime | None = None


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
    """A claimed student with everything known about them."""

    lease: Lease
    desired: Desired
    now: datetime
    attempt: int
    settled_version: int = -1
    accounts: Mapping[Provider, Account] = field(default_factory=dict[Provider, Account])
    steps: Mapping[tuple[Provider, StepName], Step] = field(default_factory=dict[tuple[Provider, StepName], Step])
    credentials: Mapping[Provider, SealedCredential] = field(default_factory=dict[Provider, SealedCredential])
    waits: Mapping[tuple[Provider, StepName], Wait] = field(default_factory=dict[tuple[Provider, StepName], Wait])

    @property
    def settled(self) -> bool:
        """Whether the newest event is settled: then the student is due because a step is unsure (see `Settle`)."""
        return self.settled_version >= self.desired.event.version


@dataclass(frozen=True, slots=True)
class BeginStep:
    """Before a call: the intent. Extends the lease so that it outlives the call's `timeout`; raises its attempt by one."""

    provider: Provider
    name: StepName
    version: int
    request_hash: bytes
    timeout: float


@dataclass(frozen=True, slots=True)
class KeepLease:
    """Before a call that only reads: extends the lease so that it outlives the call's `timeout`."""

    timeout: float


@dataclass(frozen=True, slots=True)
class EndStep:
    """After a call. Every state but STARTED. UNKNOWN makes the step `unsure`; with `unsure`, so does any other state."""

    provider: Provider
    name: StepName
    state: StepState
    reason: Reason | None = None
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Verified:
    """The account is what we think it is: none of its steps is unsure any more."""

    provider: Provider


@dataclass(frozen=True, slots=True)
class SaveAccount:
    """The account's row as it stands now; its address must have been reserved."""

    account: Account


@dataclass(frozen=True, slots=True)
class RefuseAddress:
    """The reserved address belongs to another account: it is never assigned again, and the account's row is deleted."""

    provider: Provider
    address: str


@dataclass(frozen=True, slots=True)
class ReleaseAddress:
    """The address is not needed any more and was not refused: it is free for others. The account's row goes."""

    provider: Provider
    address: str


@dataclass(frozen=True, slots=True)
class SealCredential:
    """Keeps a sealed password for `lifetime` seconds; one for each generation, and while it lives it stands (a repeat does nothing)."""

    provider: Provider
    generation: int
    sealed: bytes = field(repr=False)
    lifetime: float


@dataclass(frozen=True, slots=True)
class DestroyCredential:
    """Forgets the password of every generation at this provider."""

    provider: Provider


@dataclass(frozen=True, slots=True)
class Publish:
    """An outcome, ready for its topic; a repeat of `event_id` changes nothing."""

    event_id: UUID
    topic: str
    key: bytes
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class TenantWaits:
    """From now, for `seconds`, no replica begins a call to this tenant's service. A shorter wait never cuts a longer one.

    `service` may name a part of it, such as `microsoft/groups/<id>`: then calls to that part wait, and others do not. `held`: a person must
    act; the wait ends early where the tenant's configuration changes.
    """

    service: str
    seconds: float
    reason: Reason
    step: StepName
    code: str | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class WaitFor:
    """The cause of a wait, as a worker knows it: see `Wait`."""

    provider: Provider
    step: StepName
    reason: Reason
    code: str | None = None
    held: bool = False
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Defer:
    """Ends the lease; the student is due again in `seconds`, or at once when a newer event has come meanwhile.

    `waits` are all causes for which the student waits now: others that the ledger knew are over.
    """

    seconds: float
    waits: tuple[WaitFor, ...] = ()


@dataclass(frozen=True, slots=True)
class Settle:
    """Ends the lease and all waits with the event's final disposition; a repeat does not change it. Older pending events: SUPERSEDED.

    A newer event is due at once. Else, where a step is unsure, the student is due once more in `verify_in` seconds.
    """

    version: int
    disposition: Disposition
    verify_in: float


Write = (
    BeginStep
    | KeepLease
    | EndStep
    | Verified
    | SaveAccount
    | RefuseAddress
    | ReleaseAddress
    | SealCredential
    | DestroyCredential
    | Publish
    | TenantWaits
    | Defer
    | Settle
)


class Waiting(Exception):
    """A call must not begin before `seconds` from now: the tenant's service, or the part of it, waits. Nothing was written."""

    def __init__(
        self, seconds: float, *, reason: Reason = Reason.THROTTLED, code: str | None = None, held: bool = False
    ) -> None:
        super().__init__(f"The tenant's service waits for {seconds:.1f} s.")
        self.seconds = seconds
        self.reason = reason
        self.code = code
        self.held = held


class Work(Protocol):
    """Loop 2's side."""

    async def claim(self, room: Mapping[str, int], *, lease: float, worker: str) -> Sequence[Job]:
        """Leases due students: for each tenant as many as `room` says, those due longest first. Each has a new, higher epoch."""
        ...

    async def seconds_to_next(self, tenants: Collection[str]) -> float | None:
        """How long until the next student of these tenants can be claimed (0.0: now; None: nothing is planned)."""
        ...

    async def reserve(self, lease: Lease, providers: Sequence[Provider], candidates: Sequence[str]) -> str | None:
        """Reserves one address (case-insensitive) at every one of `providers` where the student has none, or at none of them.

        It is the first that is free at all of these: an address that the student has at another of `providers` is tried first, then the
        candidates. Reservations that the student has are never moved. Returns the student's address at the first of `providers`; None
        where it has none, because every candidate is taken. Idempotent. Raises `Fenced`.
        """
        ...

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        """Writes all or nothing, under the lease. Many callers share one transaction; each gets its own answer.

        Raises `Fenced` where the lease has ended or moved on; `Waiting` where `service` is named and waits, or what it is a part of;
        `Superseded` where a step begins and a newer event has been accepted since the claim. None of them has written anything.
        """
        ...

    async def forget_expired(self, *, limit: int) -> int:
        """Destroys sealed passwords whose lifetime is over, the oldest first and at most `limit`; returns how many.

        Safe to call from all replicas at once: what another is just destroying is passed over.
        """
        ...


# --- outbound --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An outcome waiting for its topic."""

    topic: str
    key: bytes
    value: bytes = field(repr=False)
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are published in one Kafka transaction. Numbers rise by one; a batch never changes while it may have been published."""

    number: int
    rows: Sequence[OutboxRow]


@dataclass(frozen=True, slots=True)
class OnTopic:
    """An outcome that was found on its topic; `at` is its record's timestamp."""

    outcome: Publish
    at: datetime


@dataclass(frozen=True, slots=True)
class Landmark:
    """Of the newest batch that the ledger knows to be published: its outcomes, with their topics, and when the last was written.

    The batch after it was published later than `at`, but for the difference between the clocks.
    """

    topics: Mapping[UUID, str]
    at: datetime


class Outbox(Protocol):
    """Loop 3's side. Blocking: the relay has a thread of its own. Only the newest epoch may write; the others are `Fenced`."""

    def take_over(self, relay: str) -> int:
        """Gives the relay a new, higher epoch and returns it. A relay of another name continues where the last one was.

        Rows that were put aside as unreadable wait again: this version may be able to read them.
        """
        ...

    def newest(self, relay: str, epoch: int) -> int:
        """The number of the newest batch; 0 where there never was one."""
        ...

    def unpublished(self, relay: str, epoch: int) -> Sequence[Batch]:
        """Batches that were numbered and are not known to be published, oldest first.

        Only for a relay that has fenced its predecessors in Kafka and has marked what the topics have: what is left was not published
        and never will be. So a row that this version can't read is taken out of its batch and put aside, with those behind it.
        """
        ...

    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> Batch | None:
        """Numbers the oldest waiting rows, in an order that keeps each key's own; None where none can be numbered now.

        `after` is the newest batch that the relay knows of. Raises `Fenced` where the ledger has not come that far: a standby that
        lagged has taken over, and what it lacks must be read back from the topics first.

        A row that this version can't read is put aside until the next relay takes over. It and a row that another transaction has
        locked hold back the later rows of their key, and no others.
        """
        ...

    def published(self, relay: str, epoch: int, number: int) -> None:
        """Batches up to `number` are on their topics. Raises `Fenced` where the ledger has numbered fewer, as `next_batch` does."""
        ...

    def landmark(self, relay: str, epoch: int) -> Landmark | None:
        """The newest batch known to be published; None where no outcome of any is left."""
        ...

    def recall(self, relay: str, epoch: int, outcomes: Sequence[OnTopic]) -> int:
        """Takes in outcomes that are on their topics, whatever their batch was: they are never published again.

        Returns how many were not known to be numbered. Idempotent.
        """
        ...

    def resume(self, relay: str, epoch: int, number: int) -> None:
        """Batches up to `number` are on their topics, by whichever relay; the next one comes after it."""
        ...

    def waiting_seconds(self) -> float:
        """For how long the oldest row that is not known to be published has waited; 0.0 where there is none.

        Rows that were put aside as unreadable do not count; those that wait behind them do.
        """
        ...
