"""The end of a tenant's holds in the ledger in memory."""

from testbed.fakes.ledger.state import OnState


class MemoryHolds(OnState):
    """What `Holds.reconfigured` does, of one tenant."""

    def end_holds(self, tenant_id: str) -> int:
        """As after a change of the tenant's file; returns how many students are due because of it."""
        now = self._state.clock()
        for place in [place for place, wait in self._state.waits.items() if place[0] == tenant_id and wait.cause.held]:
            del self._state.waits[place]
        waiting = [
            student
            for (tenant, _), student in self._state.planned.items()
            if tenant == tenant_id
            and student.due_at is not None
            and student.due_at > now
            and (student.lease_until is None or student.lease_until <= now)
            and any(wait.held for wait in student.known.waits.values())
        ]
        for student in waiting:
            self._state.plan(student, now)
        return len(waiting)
