"""What a run leaves behind: collected from real parts or from simulated ones, judged by `proof.checker`.

Times are seconds on the run's one clock: Unix time on real parts, the simulated clock in a simulation. Passwords stand here as
fingerprints only.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from consumer.events import Outcome, Provider, ProviderAction
from consumer.ledger.port.student import AccountState
from consumer.policy.guard import GuardLimit
from consumer.policy.profile import Profile, ProfilePart

Place = tuple[str, int, int]
"""Topic, partition, offset."""

Headers = tuple[tuple[str, bytes | None], ...]


def fingerprint(secret: str) -> str:
    """Stands for a password: equal where the passwords are."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


class ExpectedOutcome(StrEnum):
    """What must become of an input record, by the topic and the tenants' configuration alone."""

    SKIP = "skip"
    ACT = "act"
    DEAD_LETTER = "dead_letter"


@dataclass(frozen=True, slots=True)
class Followed:
    """What an account is to be where it follows the tenant's rules and the student's names. `org_unit`: None where there are no units.

    `addresses`: those that it may have, where they follow the names as well. `admin_units`: the one that the rules give, or none.
    """

    licences: frozenset[str]
    groups: frozenset[str]
    org_unit: str | None
    profile: Profile = field(repr=False)
    addresses: frozenset[str] | None = field(default=None, repr=False)
    admin_units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Input:
    """A record of the input topic, as it stands there. What can't be read of it is None; `reason` is the skip's or the letter's.

    `followed`: what it wants an account to be, where the tenant's accounts follow it.
    """

    place: Place
    key: bytes | None = field(repr=False)
    headers: Headers
    digest: bytes
    expected: ExpectedOutcome
    reason: str | None = None
    tenant_id: str | None = None
    student_id: str | None = None
    event_id: str | None = None
    version: int | None = None
    providers: tuple[Provider, ...] = ()
    action: ProviderAction | None = None
    followed: Mapping[Provider, Followed] = field(default_factory=dict[Provider, Followed])

    @property
    def wants(self) -> frozenset[Provider]:
        """Where it wants the student to have an account."""
        return frozenset(self.providers if self.action is ProviderAction.CREATE_ACCOUNT else ())

    @property
    def updates(self) -> frozenset[Provider]:
        """Where it wants the student's account, if there is one, to be as the rules say."""
        return frozenset(self.providers if self.action is ProviderAction.UPDATE_ACCOUNT else ())

    @property
    def suspends(self) -> frozenset[Provider]:
        """Where it wants no one to sign in."""
        blocks = {ProviderAction.SUSPEND_ACCOUNT, ProviderAction.DELETE_ACCOUNT}
        return frozenset(self.providers if self.action in blocks else ())

    @property
    def deletes(self) -> frozenset[Provider]:
        """Where it wants the student's account to be deleted in the end."""
        return frozenset(self.providers if self.action is ProviderAction.DELETE_ACCOUNT else ())

    @property
    def releases(self) -> frozenset[Provider]:
        """Where it wants the student's account to be the institution's own."""
        return frozenset(self.providers if self.action is ProviderAction.RELEASE_ACCOUNT else ())


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record of the dead-letter topic. `origin` is where it was read, by its headers; `digest` is of its value."""

    place: Place
    origin: Place
    reason: str
    key: bytes | None = field(repr=False)
    headers: Headers
    digest: bytes


@dataclass(frozen=True, slots=True)
class PublishedOutcome:
    """A record of an outcome topic, as a `read_committed` reader of another make sees it."""

    place: Place
    key: bytes
    headers: Headers
    outcome: Outcome


class Operation(StrEnum):
    """What a vendor was asked to do."""

    FIND = "find"  # any read or search
    CREATE = "create"
    MARK = "mark"
    RESTORE = "restore"
    LICENCES = "licences"
    GROUP = "group"
    LEAVE = "leave"
    JOIN_UNIT = "join_unit"
    LEAVE_UNIT = "leave_unit"
    RENAME = "rename"
    PROFILE = "profile"
    SUSPEND = "suspend"
    REACTIVATE = "reactivate"
    SESSIONS = "sessions"
    MOVE = "move"
    TAKE_LICENCES = "take_licences"
    PASSWORD = "password"  # noqa: S105  an operation
    SEND = "send"
    NOTICE = "notice"  # the mail that announces a deletion
    NEW_UNIT = "new_unit"
    UPDATE = "update"  # any change but those above
    DELETE = "delete"
    RELEASE = "release"
    LOOK_UP = "look_up"
    TOKEN = "token"  # noqa: S105  an operation
    OTHER = "other"
    UNKNOWN = "unknown"  # an unclassified route


WRITES = frozenset(
    {
        Operation.CREATE,
        Operation.MARK,
        Operation.RESTORE,
        Operation.LICENCES,
        Operation.GROUP,
        Operation.LEAVE,
        Operation.JOIN_UNIT,
        Operation.LEAVE_UNIT,
        Operation.RENAME,
        Operation.PROFILE,
        Operation.SUSPEND,
        Operation.REACTIVATE,
        Operation.SESSIONS,
        Operation.MOVE,
        Operation.TAKE_LICENCES,
        Operation.PASSWORD,
        Operation.SEND,
        Operation.NOTICE,
        Operation.NEW_UNIT,
        Operation.UPDATE,
        Operation.DELETE,
        Operation.RELEASE,
    }
)
"""Operations that change something at a vendor."""


SWITCHES = frozenset({Operation.SUSPEND, Operation.REACTIVATE})
"""Operations that block or open a sign-in."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the vendor met it, whether its answer arrived or not, in the order in which the vendor dealt with them.

    `service` is `microsoft`, `google` or `mailgun`; anything else is no vendor's. `executed`: the vendor's own logic dealt with it
    (else it was cut off, or answered by something on the way). `retry_after` are the seconds that a throttled answer asked for.
    `object_id`, `address` and `marker` are those of the object it was about, as it stood after the call; the marker of a creation, and
    the address of one that was refused, are what it asked for; a mail's address is the one in its text. `secret` is the fingerprint of
    the password that was sent. `tenant_id` is whose directory or mail domain it reached, `credential_of` whose credential it bore.
    `detail` tells effects on one object apart: the group, the licences, the unit, the Message-Id, a fingerprint of what is said of the
    student; of a suspension, the names of what it changes besides. `by_name`: the object was named by its address. `begun_at`: when it
    reached the vendor (None: at `at`).
    """

    number: int
    at: float
    tenant_id: str | None
    service: str
    operation: Operation
    status: int
    executed: bool
    answered: bool
    retry_after: float | None = None
    object_id: str | None = None
    address: str | None = field(default=None, repr=False)
    marker: str | None = None
    secret: str | None = None
    credential_of: str | None = None
    detail: str | None = None
    by_name: bool = False
    begun_at: float | None = None

    @property
    def began(self) -> float:
        """When it reached the vendor."""
        return self.at if self.begun_at is None else self.begun_at

    @property
    def place(self) -> str:
        """What waits by itself: the service, but for Google's licences, which have an API of their own."""
        licences = self.service == Provider.GOOGLE and self.operation in {Operation.LICENCES, Operation.TAKE_LICENCES}
        return f"{self.service}/licences" if licences else self.service

    @property
    def effective(self) -> bool:
        """Whether it changed something at the vendor."""
        return self.operation in WRITES and self.executed and self.status < 300  # noqa: PLR2004  success


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An account as the directory has it at the end. `ours`: made by a call of the service's, not by hand.

    `created_at` is None where it was there before the run; `deleted_at` is the last deletion. `untouchable` says why it must be left alone
    whatever it bears: it is a guest's, an administrator's, or synchronised. `enabled`: its sign-in is not blocked. `changed_at` is when
    people last deleted it or took its licences and groups, in Unix seconds. `replaced_at` is when the institution replaced the password;
    None where it did not, or where a call of ours has set another since.
    """

    tenant_id: str
    provider: Provider
    object_id: str
    address: str = field(repr=False)
    marker: str | None
    deleted: bool
    ours: bool
    secret: str
    enabled: bool = True
    licences: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    org_unit: str | None = None
    profile: Profile = field(default_factory=dict[ProfilePart, str | None], repr=False)
    created_at: float | None = None
    deleted_at: float | None = None
    untouchable: str | None = None
    replaced_at: float | None = None
    changed_at: float | None = None
    admin_units: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mail:
    """An accepted welcome mail: the account that it is about, by its text, and the fingerprint of the password in it."""

    accepted_at: float
    tenant_id: str
    message_id: str
    address: str = field(repr=False)
    secret: str


@dataclass(frozen=True, slots=True)
class InboxRow:
    """An accepted event."""

    place: Place
    tenant_id: str
    event_id: str
    student_id: str
    version: int
    disposition: str


@dataclass(frozen=True, slots=True)
class StudentRow:
    """A student at the end. `due`: something is still planned."""

    tenant_id: str
    student_id: str
    desired_version: int
    settled_version: int
    applied_version: int
    due: bool


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What the ledger knows of an account; `state` is an `AccountState`."""

    tenant_id: str
    student_id: str
    provider: Provider
    object_id: str | None
    address: str = field(repr=False)
    marker: str
    generation: int
    settled_version: int
    state: str = AccountState.ACTIVE


@dataclass(frozen=True, slots=True)
class StepRow:
    """The newest attempt at a step."""

    tenant_id: str
    student_id: str
    provider: Provider
    name: str
    state: str
    version: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An outcome that the ledger owes, or has published."""

    event_id: str
    topic: str
    key: bytes
    seq: int
    published: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger at the end."""

    inbox: Sequence[InboxRow] = ()
    students: Sequence[StudentRow] = ()
    accounts: Sequence[AccountRow] = ()
    steps: Sequence[StepRow] = ()
    outbox: Sequence[OutboxRow] = ()
    credentials: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A row as a commit left it, in the order of the commits. `at` is the commit's time.

    Tables: `student`, `step`, `account`, `credential`; where they are recorded also `student_wait`, `tenant_wait`, `partition_epoch`, and
    `inbox` with an `epoch` (that of the partition, under which the row was accepted). A row that was deleted has `gone`. Columns are named
    as in `consumer.ledger.tables`; times are seconds on the run's clock.
    """

    number: int
    at: float
    table: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run is held to. Times are seconds.

    `propagation`: from a throttled answer until every replica knows it. `operation`: how long the requests of one operation may follow
    one another. `clocks`: how far the clocks of one run differ. `ahead`: how far an outcome's date may run ahead of its commit (it counts
    from the asking for the claim, whose answer may take long). `quiet`: from the last fault until nothing is owed. `spared`: from an
    event accepted to its being settled, at a tenant that no fault was aimed at. `report_after` and `report_attempts`: of waits that last so
    long, or for so many tries in a row, an outcome must be published (None: not checked).
    """

    least_effects: int = 1
    writes_per_effect: float = 1.2
    writes_per_effect_with_faults: float = 4.0
    propagation: float = 2.0
    operation: float = 30.0
    clocks: float = 0.5
    ahead: float = 0.5
    quiet: float = 900.0
    spared: float = 30.0
    report_after: float | None = None
    report_attempts: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Everything that one run left behind.

    `canaries` are texts that must not leave their sinks (names, addresses, passwords); `logs` and `metrics` are what all processes
    wrote, `metrics` only those that were alive at the end; `sinks` is what else is written where others read it, by the sink's name.
    `quiet_at` is when nothing was owed any more; None: never.
    `spared` are tenants that no fault was aimed at, in a run whose faults are aimed. `dry_runs` are the tenants that were in dry run from
    the beginning, and until when.
    `whole`: every process lived through the whole run, so that metrics can be held against the ledger. `faults` counts how often each
    fault fired that was ordered; `forgot_at` is when the ledger lost a part of what it knew (None: never); `deaths` are the times at
    which processes were killed or stopped. `unclassified` is what the collectors could make nothing of, each with its number or place.
    `guards` are tenants' limits of each kind of what takes something away, where calls are held against them; `approved` is what a person
    has approved: the tenant, the student, the kind and the version. `announces` are the tenants that
    announce deletions.
    """

    seed: int
    inputs: Sequence[Input]
    dead_letters: Sequence[DeadLetter]
    published: Sequence[PublishedOutcome]
    calls: Sequence[Call]
    accounts: Sequence[HeldAccount]
    mails: Sequence[Mail]
    ledger: Ledger
    changes: Sequence[Change] = ()
    committed: Mapping[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    faults: Mapping[str, int] = field(default_factory=dict[str, int])
    healed_at: float = 0.0
    quiet_at: float | None = None
    canaries: frozenset[str] = field(default=frozenset(), repr=False)
    logs: str = field(default="", repr=False)
    metrics: str = field(default="", repr=False)
    sinks: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    whole: bool = False
    forgot_at: float | None = None
    deaths: Sequence[float] = ()
    spared: frozenset[str] = frozenset()
    dry_runs: Mapping[str, float] = field(default_factory=dict[str, float])
    unclassified: Sequence[str] = ()
    guards: Mapping[str, GuardLimit] = field(default_factory=dict[str, GuardLimit])
    approved: frozenset[tuple[str, str, str, int]] = frozenset()
    announces: frozenset[str] = frozenset()
    bounds: Bounds = field(default_factory=Bounds)
