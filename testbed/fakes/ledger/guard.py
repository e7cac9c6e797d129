"""The guard in memory: counted within a claim, and the side for people."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta

from consumer.ledger.port.guard import Decision, GuardedKey, ParkedAction, all_asked, with_states
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.policy.guard import Guarded, GuardLimit, GuardState, Standing, decided
from testbed.fakes.ledger.state import GuardedRow, OnState, State, StudentRow


def guarded(state: State, jobs: Sequence[Job], room: Mapping[str, Room]) -> Sequence[Job]:
    """The same jobs, each with where it stands."""
    asked = list(all_asked(jobs, {tenant: of.guards for tenant, of in room.items()}))
    new: defaultdict[tuple[str, Guarded], list[GuardedKey]] = defaultdict(list)
    for one in asked:
        row = state.guarded.get(one.key)
        if row is None and one.is_counted:
            new[one.job.lease.tenant_id, one.kind].append(one.key)
        elif row is not None and one.is_counted_again(row.state):
            row.at = state.clock()
    for (tenant, kind), keys in new.items():
        _count(state, keys, room[tenant].guards.limits[kind])
    states = {one.key: state.guarded[one.key].state for one in asked if one.is_looked_up and one.key in state.guarded}
    return with_states(jobs, asked, states)


def settled(state: State, student: StudentRow, version: int) -> None:
    """The student's actions up to this version are carried out, or never will be. Before the row knows it."""
    for key, row in [*state.guarded.items()]:
        if key[:2] != student.key or key[3] > version:
            continue
        if row.state is GuardState.COUNTED and student.settled_version < key[3]:
            row.at = state.clock()
        elif _is_parked(state, key, row):
            del state.guarded[key]  # there is nothing left of it to be done


def _count(state: State, keys: Sequence[GuardedKey], limit: GuardLimit) -> None:
    tenant, _, kind, _ = keys[0]
    _forget(state, tenant, kind, limit.seconds)
    known = [(key[1], row.state) for key, row in state.guarded.items() if (key[0], key[2]) == (tenant, kind)]
    counted = {student for student, found in known if found is GuardState.COUNTED}
    parked = any(found is GuardState.PARKED for _, found in known)
    standing = Standing(len(counted), parked, lambda: _accounts(state, tenant))
    for key, admission in zip(keys, decided(limit, standing, [key[1] in counted for key in keys]), strict=True):
        state.guarded_number += 1
        state.guarded[key] = GuardedRow(admission, state.clock(), state.guarded_number)


def _forget(state: State, tenant: str, kind: Guarded, seconds: float) -> None:
    """What a newer event has overtaken, and what was settled so long ago."""
    before = state.clock() - timedelta(seconds=seconds)
    for key, row in [*state.guarded.items()]:
        student = state.students[key[:2]]
        overtaken = row.state is GuardState.PARKED and student.desired_version > key[3]
        over = row.state is GuardState.COUNTED and student.settled_version >= key[3] and row.at <= before
        if (key[0], key[2]) == (tenant, kind) and (overtaken or over):
            del state.guarded[key]


def _accounts(state: State, tenant: str) -> int:
    """How many of the tenant's students have an account."""
    return sum(
        any(account.object_id is not None for account in student.known.accounts.values())
        for (of, _), student in state.students.items()
        if of == tenant
    )


def _is_parked(state: State, key: GuardedKey, row: GuardedRow) -> bool:
    return row.state is GuardState.PARKED and state.students[key[:2]].desired_version == key[3]


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
