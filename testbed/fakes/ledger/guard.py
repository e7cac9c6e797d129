"""The guard in memory: counted within a claim, and the side for people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from consumer.events import ProviderAction
from consumer.ledger.guarding import is_guarded
from consumer.ledger.port.guard import Decision, ParkedAction, takes_away
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.policy.guard import GuardLimit, GuardState, Standing, admitted
from testbed.fakes.ledger.state import GuardedKey, GuardedRow, OnState, State, StudentRow


def guarded(state: State, jobs: Sequence[Job], room: Mapping[str, Room]) -> Sequence[Job]:
    """The same jobs, each with where its action stands."""
    new: defaultdict[tuple[str, ProviderAction], list[GuardedKey]] = defaultdict(list)
    for job in (one for one in jobs if is_guarded(one, room)):
        row = state.guarded.get(_key(job))
        if row is None and not job.settled and takes_away(job):
            new[job.lease.tenant_id, job.desired.action].append(_key(job))
    for (tenant, action), keys in new.items():
        _count(state, keys, room[tenant].guards[action])
    return [replace(job, guard=_standing(state, job)) if is_guarded(job, room) else job for job in jobs]


def settled(state: State, student: StudentRow, version: int) -> None:
    """The student's actions up to this version are carried out, or never will be. Before the row knows it."""
    for key, row in state.guarded.items():
        if key[:2] == student.key and row.state is GuardState.COUNTED and student.settled_version < key[3] <= version:
            row.at = state.clock()


def _standing(state: State, job: Job) -> GuardState | None:
    row = state.guarded.get(_key(job))
    if row is not None:
        return row.state
    return None if job.settled else GuardState.FREE


def _count(state: State, keys: Sequence[GuardedKey], limit: GuardLimit) -> None:
    tenant, _, action, _ = keys[0]
    now = state.clock()
    rows = {key: row for key, row in state.guarded.items() if (key[0], key[2]) == (tenant, action)}
    counted = [
        key
        for key, row in rows.items()
        if row.state is GuardState.COUNTED
        and (row.at > now - timedelta(seconds=limit.seconds) or state.students[key[:2]].settled_version < key[3])
    ]
    standing = Standing(
        len(counted), any(_is_parked(state, *one) for one in rows.items()), lambda: _accounts(state, tenant)
    )
    may = admitted(limit, standing, len(keys))
    for place, key in enumerate(keys):
        settled = GuardState.COUNTED if place < may else GuardState.PARKED
        state.guarded[key] = GuardedRow(settled, now, len(state.guarded) + 1)


def _accounts(state: State, tenant: str) -> int:
    """How many of the tenant's students have an account."""
    return sum(
        any(account.object_id is not None for account in student.known.accounts.values())
        for (of, _), student in state.students.items()
        if of == tenant
    )


def _is_parked(state: State, key: GuardedKey, row: GuardedRow) -> bool:
    return row.state is GuardState.PARKED and state.students[key[:2]].desired_version == key[3]


def _key(job: Job) -> GuardedKey:
    return job.lease.tenant_id, job.lease.student_id, job.desired.action, job.desired.event.version


class MemoryGuardDesk(OnState):
    """`GuardDesk` over dictionaries."""

    def parked_actions(self, tenant_id: str | None = None) -> Sequence[ParkedAction]:
        found = [
            ParkedAction(tenant, action, student, version, row.number, row.at)
            for (tenant, student, action, version), row in self._state.guarded.items()
            if tenant_id in {None, tenant} and _is_parked(self._state, (tenant, student, action, version), row)
        ]
        return sorted(found, key=lambda one: (one.tenant_id, one.action, one.number))

    def decide(self, decision: Decision) -> int:
        listed = [
            one
            for one in self.parked_actions(decision.tenant_id)
            if one.action is decision.action and one.number <= decision.number
        ]
        for one in listed:
            row = self._state.guarded[one.tenant_id, one.student_id, one.action, one.version]
            row.state, row.decision, row.decided_at = GuardState(decision.verdict), decision, self._state.clock()
            self._state.plan(self._state.students[one.tenant_id, one.student_id], self._state.clock())
        return len(listed)
