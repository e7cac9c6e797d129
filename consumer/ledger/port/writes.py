"""Writes of a worker about a leased student. All of them are idempotent."""

from dataclasses import dataclass, field
from uuid import UUID

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, StepState


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
    """After a call. Every state but STARTED. UNKNOWN makes the step `unsure`; with `unsure`, so does any other state.

    `code` and `request_id` are the vendor's own, of a failure: they are kept with the attempt.
    """

    provider: Provider
    name: StepName
    state: StepState
    reason: Reason | None = None
    unsure: bool = False
    code: str | None = None
    request_id: str | None = None


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
    """The reserved address belongs to another account: it is never assigned again.

    The row of an account that has it is deleted; an account that was to be renamed to it keeps the address that it has.
    """

    provider: Provider
    address: str


@dataclass(frozen=True, slots=True)
class ReleaseAddress:
    """The address is not needed any more and was not refused: it is free for others. Accounts' rows are as with `RefuseAddress`."""

    provider: Provider
    address: str


@dataclass(frozen=True, slots=True)
class RetireAddress:
    """The student's account is to have another address: this one stays the student's, as a former one, until retention frees it.

    For `reserve`, the student has no address at this provider then. Does nothing to another student's address, or one that was refused.
    """

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

    A newer event is due at once. Else, where a step is unsure, the student is due once more in `verify_in` seconds; and where an account is
    to be deleted, at that time, and when that is to be announced (`Account.due_at`).
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
    | RetireAddress
    | SealCredential
    | DestroyCredential
    | Publish
    | TenantWaits
    | Defer
    | Settle
)
