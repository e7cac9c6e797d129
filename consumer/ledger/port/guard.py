"""The guard: what a claim holds against a tenant's limits; and its side for people, what is parked, and their decisions."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from consumer.ledger.port.student import Job, Lease
from consumer.policy.guard import PARTS, Guarded, GuardLimit, GuardState

GuardedKey = tuple[str, str, Guarded, int]
"""The tenant, the student, the kind, and the event's version."""


@dataclass(frozen=True, slots=True)
class Guards:
    """A tenant's limits. `asked` says, by the tenant's rules, which kinds a job may need, and of each whether it takes something from an
    account that the ledger knows; what may be so is. Pure: the ledger calls it within the claim's transaction.
    """

    limits: Mapping[Guarded, GuardLimit]
    asked: Callable[[Job], Mapping[Guarded, bool]]


UNGUARDED = Guards({}, lambda _: {})
"""Without limits."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One kind that a job may need. `takes`: something from an account that the ledger knows."""

    job: Job
    kind: Guarded
    takes: bool

    @property
    def key(self) -> GuardedKey:
        """Under which it is counted, once for each student and version."""
        return self.job.lease.tenant_id, self.job.lease.student_id, self.kind, self.job.desired.event.version

    @property
    def is_looked_up(self) -> bool:
        """Whether what is known of it matters: an event may have been carried out, or rejected."""
        return self.takes or self.kind not in PARTS

    @property
    def is_counted(self) -> bool:
        """Whether it is counted where it was not before. A settled event was: it is only verified."""
        return self.takes and not self._is_verified

    def is_counted_again(self, known: GuardState | None) -> bool:
        """Whether it takes effect later than when it was counted: a part of an event that is settled may be taken long after."""
        return self.takes and self.job.settled and self.kind in PARTS and known is GuardState.COUNTED

    @property
    def uncounted(self) -> GuardState | None:
        """Where it stands when nothing is known of it, and it is not counted."""
        return None if self._is_verified else GuardState.FREE

    @property
    def _is_verified(self) -> bool:
        return self.job.settled and self.kind not in PARTS


def all_asked(jobs: Sequence[Job], guards: Mapping[str, Guards]) -> Iterator[Asked]:
    """What jobs ask for that has a limit; `guards` by tenant."""
    for job in jobs:
        of = guards[job.lease.tenant_id]
        yield from (Asked(job, kind, takes) for kind, takes in of.asked(job).items() if kind in of.limits)


def with_states(jobs: Sequence[Job], asked: Sequence[Asked], states: Mapping[GuardedKey, GuardState]) -> Sequence[Job]:
    """The same jobs, each with where it stands: by what is known, or as one that is not counted."""
    of: defaultdict[Lease, dict[Guarded, GuardState]] = defaultdict(dict)
    for one in asked:
        if (state := states.get(one.key, one.uncounted)) is not None:
            of[one.job.lease][one.kind] = state
    return [replace(job, guard=of.get(job.lease, {})) for job in jobs]


class Verdict(StrEnum):
    """What a person has decided of parked actions."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ParkedAction:
    """An action of a student that waits for a person. `number` rises: what is parked later has a higher one."""

    tenant_id: str
    action: Guarded
    student_id: str
    version: int
    number: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """Of the tenant's parked actions of this kind up to `number`, as they were listed; later ones stay parked."""

    tenant_id: str
    action: Guarded
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
