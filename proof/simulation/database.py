"""The ledger in memory as a server that processes reach over a network: it goes away, answers get lost, its locks go with connections."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from consumer.errors import Unavailable
from consumer.failpoints import commit_lost
from consumer.ledger.port.guard import Decision, GuardedKey, Verdict
from consumer.ledger.port.inbox import Arrival, Disposition, Ownership, Place
from consumer.ledger.port.parking import UNCHANGED, ParkingWrites
from consumer.ledger.port.student import AccountState, Job, Lease
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Publish, Write
from consumer.policy.guard import GuardState
from proof.simulation.change_log import ChangeLog
from proof.simulation.clock import Clock
from proof.simulation.process import Process
from proof.simulation.trace import Trace
from proof.simulation.wire import ask
from testbed.fakes.ledger import MemoryLedger
from testbed.fakes.ledger.state import InboxRow, Key, Queued, State, StudentRow

T = TypeVar("T")
KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")

_LEAST, _MOST = 0.0005, 0.004
"""Seconds that each way takes."""
_REFUSED_AFTER = 0.05
_NOTICED = 180.0
"""Seconds within which the intake has read again what a standby lacks. Consumers without traffic turn once a minute here."""
_ASIDE = 60.0
"""Seconds until a student of whom a record can't be read is due again."""
_KEPT = {Disposition.PENDING, Disposition.SUPERSEDED}
_OURS = {AccountState.ACTIVE, AccountState.SUSPENDED}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Chances of each statement: that it fails as in a deadlock, and that it is done but its answer gets lost."""

    deadlock: float = 0.0
    answer_lost: float = 0.0


NONE = Trouble()


@dataclass(frozen=True, slots=True)
class Standby:
    """What a standby has of the primary's tables."""

    tables: State
    applied: Mapping[Key, int]


class Database(MemoryLedger):
    """The server. `down` is whether it is unavailable; `fired` counts the faults that were met.

    `unreadable` are the students with a record that can't be read. `pruned_…` is what retention has deleted.
    """

    def __init__(self, clock: Clock, rng: random.Random, trace: Trace) -> None:
        super().__init__(clock.now)
        self.trouble = NONE
        self.fired: Counter[str] = Counter()
        self.unreadable: set[Key] = set()
        self._taken_over_at: float | None = None
        self.claimed_at: dict[Key, float] = {}
        self._pruned_approvals = frozenset[GuardedKey]()
        self.pruned_events: dict[Key, InboxRow] = {}
        self.pruned_outcomes: dict[UUID, Queued] = {}
        self.change_log = ChangeLog(clock, self._state)
        self._rng = rng
        self._trace = trace
        self._back_at = 0.0
        self._clock = clock
        self._leaders: dict[str, Process] = {}
        self._listeners: list[WakeSignals] = []

    def settled_accounts(self, tenant_id: str) -> Collection[str]:
        """The object ids of the tenant's accounts that were announced, and at which nothing is left to do."""
        return [
            account.object_id
            for (tenant, _), student in self._state.students.items()
            if tenant == tenant_id and student.due_at is None
            for account in student.known.accounts.values()
            if account.object_id is not None and account.announced_version >= 0 and account.state in _OURS
        ]

    @property
    def state(self) -> State:
        """The tables, for checks at the end."""
        return self._state

    @property
    def forgot_at(self) -> float | None:
        """When a standby that lacked commits took over, in Unix seconds; None: never."""
        at = self._taken_over_at
        return None if at is None else self._clock.unix() - self._clock.time() + at

    @property
    def down(self) -> bool:
        """Whether it does not answer now."""
        return self._clock.time() < self._back_at

    def outage(self, seconds: float) -> None:
        """Restarts, or is unavailable, for so long; every connection ends, and with it its lock."""
        self._back_at = max(self._back_at, self._clock.time() + seconds)
        self._leaders.clear()
        self.fired["database_away"] += 1

    def standby(self) -> Standby:
        """One that has everything until now."""
        return Standby(self._state.backup(), dict(self.change_log.applied))

    def fail_over(self, standby: Standby, seconds: float) -> None:
        """The standby takes over after so many seconds; what it lacks is forgotten."""
        self.outage(seconds)
        self._state.restore(standby.tables)
        self.change_log.applied = dict(standby.applied)
        self._taken_over_at = self._clock.time() + seconds
        self.fired["standby_took_over"] += 1

    def step_limits(self, seconds: float) -> None:
        """As if the clock had stepped by so many seconds: what was written of the vendors' limits lies that much further back."""
        for key, standing in self._state.limits.items():
            slowed_at = None if standing.slowed_at is None else standing.slowed_at - seconds
            self._state.limits[key] = replace(standing, next_at=standing.next_at - seconds, slowed_at=slowed_at)

    def every_second(self, tenant_id: str) -> set[Key]:
        """Every second student of the tenant."""
        return set([key for key in self._state.students if key[0] == tenant_id][::2])

    async def reach(self, process: Process, what: str, deed: Callable[[], T]) -> T:
        """What `deed` returns or raises there. Raises `Unavailable`, after the deed where its answer gets lost."""
        there, back = self._rng.uniform(_LEAST, _MOST), self._rng.uniform(_LEAST, _MOST)
        fate = self._rng.random() if self.trouble is not NONE else 1.0

        def arrive() -> T:
            if self.down:
                raise Unavailable("PostgreSQL does not answer.")
            if fate < self.trouble.deadlock:
                self.fired["deadlock"] += 1
                raise Unavailable("PostgreSQL met a deadlock.")
            try:
                done = deed()
            except Exception as error:
                self._trace.add(process.name, what, type(error).__name__)
                raise
            self._trace.add(process.name, what)
            if fate < self.trouble.deadlock + self.trouble.answer_lost:
                self.fired["commit_answer_lost"] += 1
                raise commit_lost()
            return done

        return await ask(arrive, there=there, back=_REFUSED_AFTER if self.down else back)

    def at_rest(self, *, since: float) -> bool:
        """Whether nothing is owed but what waits for a person, and has been tried in vain after `since`."""
        state = self._state
        published = max((relay.published for relay in state.relays.values()), default=0)
        if self._taken_over_at is not None and self._clock.time() < max(self._taken_over_at, since) + _NOTICED:
            return False
        if self.down or state.parked or state.unnumbered or published < max(state.batches, default=0):
            return False
        return all(
            self.claimed_at.get(key, 0.0) > since and self._waits_for_a_person(row)
            for key, row in state.planned.items()
        )

    def _waits_for_a_person(self, row: StudentRow) -> bool:
        """Published, for the newest version; nothing else is left to do for the student."""
        waits = [wait for wait in row.known.waits.values() if wait.version == row.desired_version]
        return row.lease_until is None and any(wait.held and wait.reported for wait in waits)

    @property
    def approved(self) -> frozenset[GuardedKey]:
        """What a person has approved, whatever retention has deleted of it since."""
        rows = self._state.guarded.items()
        return frozenset(key for key, row in rows if row.state is GuardState.APPROVED) | self._pruned_approvals

    def decide_all(self, tenant_id: str, verdict: Verdict) -> None:
        """A person approves or rejects what is parked of the tenant, as it is listed now."""
        listed = self.parked_actions(tenant_id)
        for action in sorted({one.action for one in listed}):
            number = max(one.number for one in listed if one.action is action)
            self.decide(Decision(tenant_id, action, number, verdict, "operator", ""))
        self._announce(work=True)

    def leads(self, loop: str, process: Process) -> bool:
        """Tries to take the loop's lock for this process; a dead one's is free."""
        if loop not in self._leaders or not self._leaders[loop].alive:
            self._leaders[loop] = process
        return self._leaders[loop] is process

    def resign(self, loop: str, process: Process) -> None:
        """Frees the lock where it is this process's."""
        if self._leaders.get(loop) is process:
            del self._leaders[loop]

    def listen(self, wake_signals: "WakeSignals") -> None:
        """Who wants to hear of new work and new outcomes."""
        self._listeners.append(wake_signals)

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        owned = super().own(topic, partitions, owner=owner)
        self.change_log.owned(topic, {partition: known.epoch for partition, known in owned.items()})
        return owned

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        stored: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
        parking: ParkingWrites = UNCHANGED,
    ) -> Sequence[Disposition]:
        dispositions = super().accept(
            arrivals, epochs=epochs, offsets=offsets, stored=stored, skip_locked=skip_locked, parking=parking
        )
        self.change_log.passed(offsets or {}, epochs)
        for arrival, disposition in zip(arrivals, dispositions[: len(arrivals)], strict=True):
            if disposition in _KEPT:
                self.change_log.accepted(arrival, disposition, epochs[arrival.topic, arrival.partition])
            if disposition is Disposition.PENDING:
                self.change_log.student(self.student(arrival.event.tenant_id, arrival.event.student.student_id))
        self._announce(work=Disposition.PENDING in dispositions)
        return dispositions

    def store_offsets(
        self,
        offsets: Mapping[Place, int],
        *,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> None:
        super().store_offsets(offsets, epochs=epochs, stored=stored)
        self.change_log.passed(offsets, epochs)

    def published_outcomes(self, *, keep: float) -> Iterator[int]:
        return self._remembered(super().published_outcomes(keep=keep))

    def recalled_outcomes(self, *, keep: float) -> Iterator[int]:
        return self._remembered(super().recalled_outcomes(keep=keep))

    def settled_events(self, *, keep: float) -> Iterator[int]:
        return self._remembered(super().settled_events(keep=keep))

    def decided_actions(self, *, keep: float) -> Iterator[int]:
        self._pruned_approvals = self.approved
        return super().decided_actions(keep=keep)

    def _remembered(self, pages: Iterator[int]) -> Iterator[int]:
        """The pages; what they have deleted is kept for the evidence: of an event the first row, of an outcome the last."""
        events, outcomes = dict(self._state.inbox), dict(self._state.outbox)
        yield from pages
        self.pruned_events = _gone(events, self._state.inbox) | self.pruned_events
        self.pruned_outcomes |= _gone(outcomes, self._state.outbox)

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        jobs = await super().claim(room, lease=lease, worker=worker)
        readable = list[Job]()
        for job in jobs:
            row = self.student(job.lease.tenant_id, job.lease.student_id)
            if row.key in self.unreadable:
                self._put_aside(row)
            else:
                self.claimed_at[row.key] = self._clock.time()
                readable.append(job)
                self.change_log.student(row)
        return readable

    def _put_aside(self, row: StudentRow) -> None:
        """As the ledger on PostgreSQL does: it was no attempt, and has a cause of its own."""
        self.fired["record_unreadable"] += 1
        row.attempt -= 1
        row.lease_until = None
        self._state.plan(row, self._state.clock() + timedelta(seconds=_ASIDE))
        self.change_log.put_aside(row)

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        row = self.student(lease.tenant_id, lease.student_id)
        before = row.known
        await super().commit(lease, writes, service=service)
        self.change_log.committed(row, before, writes)
        if any(isinstance(write, Publish) for write in writes):
            self._announce(outcomes=True)

    def _announce(self, *, work: bool = False, outcomes: bool = False) -> None:
        self._listeners = [wake_signals for wake_signals in self._listeners if wake_signals.process.alive]
        for wake_signals in self._listeners:
            if work:
                wake_signals.work.set()
            if outcomes:
                wake_signals.outcomes.set()


def _gone(before: Mapping[KeyT, ValueT], after: Mapping[KeyT, ValueT]) -> dict[KeyT, ValueT]:
    return {key: value for key, value in before.items() if key not in after}


class WakeSignals:
    """A process's notifications from the ledger; as with `Wakeups`, a lost one costs a sweep."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.work = asyncio.Event()
        self.outcomes = asyncio.Event()

    async def hear(self, wake_signal: asyncio.Event, seconds: float) -> None:
        """Returns when it has rung since the last time, at the latest after `seconds`."""
        if not wake_signal.is_set():
            timer = asyncio.get_running_loop().call_later(seconds, wake_signal.set)
            try:
                await wake_signal.wait()
            finally:
                timer.cancel()
        wake_signal.clear()
