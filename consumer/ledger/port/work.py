"""Loop 2's side: claims of due students, and writes under a lease."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from consumer.errors import Reason
from consumer.events import Provider
from consumer.ledger.port.guard import UNGUARDED, Guards
from consumer.ledger.port.student import Job, Lease
from consumer.ledger.port.writes import Write
from consumer.policy.work_class import WorkClass

ALL_CLASSES = frozenset(WorkClass)

NEVER = 1e9
"""Seconds, in place of an infinite time: PostgreSQL has no such interval before 17."""


class Waiting(Exception):
    """A call must not begin before `seconds` from now: `service`, the tenant's or a part of it, waits. Nothing was written."""

    def __init__(
        self,
        seconds: float,
        *,
        service: str,
        reason: Reason = Reason.THROTTLED,
        code: str | None = None,
        held: bool = False,
    ) -> None:
        super().__init__(f"`{service}` waits for {seconds:.1f} s.")
        self.seconds = seconds
        self.service = service
        self.reason = reason
        self.code = code
        self.held = held


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a tenant has that can be claimed. `oldest`: for how many seconds the first of its students has been due.

    `waits`: services of the tenant that are not called now, and for how many seconds. `urgent`: one of these students is.
    """

    oldest: float
    waits: Mapping[str, float] = field(default_factory=dict[str, float])
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Where there is work, at one instant of the ledger's time.

    `tenants` have students that can be claimed. `next_in`: seconds until a student becomes due who is not now; None where nothing is
    planned.
    """

    at: datetime
    tenants: Mapping[str, Backlog] = field(default_factory=dict[str, Backlog])
    next_in: float | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How many students of a tenant may be claimed. While all of `services` wait, only those who have been due for `overdue` seconds.

    Only work of `classes` is claimed. `others`: so many of the places are first for work that is not urgent. `guards`: limits of what
    takes something away.
    """

    places: int
    services: tuple[str, ...] = ()
    overdue: float = NEVER
    others: int = 0
    classes: frozenset[WorkClass] = ALL_CLASSES
    guards: Guards = UNGUARDED


class Work(Protocol):
    """Loop 2's side."""

    async def due(self, since: datetime | None) -> Due:
        """Which tenants have students that can be claimed. `since`: only those with a student who became due after that time.

        Costs as much as there are tenants with work planned; with `since`, as much as there are students who became due after it, however
        many others wait. A student whose lease ran out became due before it.
        """
        ...

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        """Leases due students: for each tenant as many as `room` says. Each has a new, higher epoch.

        Urgent work is taken first, but for the places that `room` has for others; of one class, those due longest.

        What `room` has a limit for is counted in the same transaction: once for each student, kind and version, where it takes
        something from an account that the ledger knows. Beyond the limit, and while any of the kind is parked for the tenant, it is
        parked, and the job says so: only to be reported.
        """
        ...

    async def reserve(self, lease: Lease, providers: Sequence[Provider], candidates: Sequence[str]) -> str | None:
        """Reserves one address (case-insensitive) at every one of `providers` where the student has none, or at none of them.

        It is the first that is free at all of these: an address that the student has at another of `providers` is tried first, then the
        candidates. A former address of the student's own (`RetireAddress`) is free for them, and is a former one no more then. Reservations
        that the student has are never moved. Returns the student's address at the first of `providers`; None
        where it has none, because every candidate is taken. Idempotent. Raises `Fenced`.
        """
        ...

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        """Writes all or nothing, under the lease. Many callers share one transaction; each gets its own answer.

        Raises `Fenced` where the lease has ended or moved on, or commits under it were lost (`Lease.written`); `Waiting` where `service` is
        named and waits, or what it is a part of; `Superseded` where a step begins and a newer event has been accepted since the claim. None
        of them has written anything.
        """
        ...
