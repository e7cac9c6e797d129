"""Bugs of the guard."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from consumer.ledger.guarding import is_guarded
from consumer.ledger.port.guard import takes_away
from consumer.ledger.port.student import Job, Lease
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Settle, Write
from consumer.policy.guard import GuardState
from proof.simulation.clock import Clock
from proof.simulation.database import Database
from proof.simulation.trace import Trace
from testbed.fakes.ledger.state import GuardedKey, GuardedRow


class CountsAfterTheCall(Database):
    """What takes something away is counted when it has been done, not when it is claimed: many at once see the same count."""

    def __init__(self, clock: Clock, rng: random.Random, trace: Trace) -> None:
        super().__init__(clock, rng, trace)
        self._begun: dict[GuardedKey, GuardedRow] = {}

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        asked = {tenant: of if self._full(tenant, of) else replace(of, guards={}) for tenant, of in room.items()}
        jobs = await super().claim(asked, lease=lease, worker=worker)
        for job in jobs:
            if job.guard is None and is_guarded(job, room) and takes_away(job):
                key = (job.lease.tenant_id, job.lease.student_id, job.desired.action, job.desired.event.version)
                self._begun[key] = GuardedRow(GuardState.COUNTED, self.state.clock(), 0)
        return jobs

    def _full(self, tenant: str, room: Room) -> bool:
        counted = sum(key[0] == tenant and row.state is GuardState.COUNTED for key, row in self.state.guarded.items())
        return any(counted >= limit.accounts for limit in room.guards.values())

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        if any(isinstance(write, Settle) for write in writes):
            for key in [key for key in self._begun if key[:2] == (lease.tenant_id, lease.student_id)]:
                self.state.guarded[key] = self._begun.pop(key)
        await super().commit(lease, writes, service=service)
