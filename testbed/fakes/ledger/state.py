"""What the ledger in memory knows: the tables, as dictionaries by what they are looked up by."""

import copy
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from consumer.events import Provider
from consumer.ledger.known import Known
from consumer.ledger.port.guard import Decision, GuardedKey
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.ledger.port.parking import Origin, ParkedRecord
from consumer.ledger.port.writes import Publish, TenantWaits
from consumer.pacing.limit import Standing
from consumer.policy.guard import GuardState
from consumer.policy.work_class import WorkClass

Key = tuple[str, str]
"""The tenant, and a student or an event of it."""


@dataclass
class InboxRow:
    """An event that was accepted."""

    arrival: Arrival
    disposition: Disposition
    settled_at: datetime | None = None


@dataclass
class StudentRow:
    """The newest event that acts for a student, whose work it is, and all that is known."""

    arrival: Arrival
    accepted_at: datetime
    due_at: datetime | None = None
    attempt: int = 0
    epoch: int = 0
    worker: str = ""
    lease_until: datetime | None = None
    lease_writes: int = 0
    claimed_version: int = -1
    settled_version: int = -1
    known: Known = field(default_factory=Known)
    pending: list[InboxRow] = field(default_factory=list[InboxRow])

    @property
    def key(self) -> Key:
        return who(self.arrival)

    @property
    def desired_version(self) -> int:
        return self.arrival.event.version

    @property
    def work_class(self) -> WorkClass:
        settled = self.settled_version >= self.desired_version
        return WorkClass.NORMAL if settled else self.arrival.work_class


@dataclass(frozen=True)
class ServiceWait:
    """Until when a tenant's service, or a part of it, is not called, and why."""

    until: datetime
    cause: TenantWaits


@dataclass
class GuardedRow:
    """An action that takes something away."""

    state: GuardState
    at: datetime
    number: int
    decision: Decision | None = None
    decided_at: datetime | None = None


@dataclass
class Queued:
    """An outcome that was queued."""

    publish: Publish
    created_at: datetime
    recalled_at: datetime | None = None


@dataclass
class Relay:
    """One relay's epoch, the newest batch that it numbered and the newest known to be published."""

    epoch: int = 0
    batch: int = 0
    published: int = 0


class State:
    """All tables. `planned`, `sealed` and `open` are the indexes over students with a `due_at`, with credentials, and with an event that
    is not settled or an account to be deleted: others cost nothing."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.owners: dict[tuple[str, int], int] = {}
        self.next_offsets: dict[tuple[str, int], int | None] = {}
        self.inbox: dict[Key, InboxRow] = {}
        self.parked: dict[Origin, tuple[ParkedRecord, datetime]] = {}
        self.students: dict[Key, StudentRow] = {}
        self.planned: dict[Key, StudentRow] = {}
        self.open: set[Key] = set()
        self.sealed: dict[Key, StudentRow] = {}
        self.addresses: dict[tuple[Provider, str], Key | None] = {}
        self.reserved: dict[tuple[Provider, Key], str] = {}
        self.retired: dict[tuple[Provider, str], datetime] = {}
        self.waits: dict[tuple[str, str], ServiceWait] = {}
        self.limits: dict[str, Standing] = {}
        self.guarded: dict[GuardedKey, GuardedRow] = {}
        self.guarded_number = 0
        self.outbox: dict[UUID, Queued] = {}
        self.unnumbered: deque[Queued] = deque()
        self.batches: dict[int, list[Queued]] = {}
        self.relays: dict[str, Relay] = {}

    def backup(self) -> "State":
        """All tables as they are now."""
        return copy.deepcopy(self, {id(self.clock): self.clock})

    def restore(self, backup: "State") -> None:
        """All tables as they were then; the backup may be used again."""
        vars(self).update(vars(backup.backup()))

    def next_epoch(self, last: int) -> int:
        return max(last + 1, round(self.clock().timestamp() * 1000))

    def plan(self, student: StudentRow, due_at: datetime | None) -> None:
        """The student is due then; None: nothing is planned."""
        student.due_at = due_at
        if due_at is None:
            self.planned.pop(student.key, None)
        else:
            self.planned[student.key] = student


class OnState:
    """What works on it."""

    def __init__(self, state: State) -> None:
        self._state = state


def who(arrival: Arrival) -> Key:
    """Whom an event is about."""
    return arrival.event.tenant_id, arrival.event.student.student_id
