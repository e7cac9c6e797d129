"""Bugs of the guard."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from consumer.ledger.port.guard import UNGUARDED, GuardedKey, Guards, all_asked
from consumer.ledger.port.student import Job, Lease
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import Settle, Write
from consumer.policy.guard import PARTS, GuardState
from proof.simulation.clock import Clock
from proof.simulation.database import Database
from proof.simulation.trace import Trace
from testbed.fakes.ledger.state import GuardedRow


class GuardsWholeEventsOnly(Database):
    """A part of an event that takes something away is not counted."""

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        asked = {tenant: replace(of, guards=_without_parts(of.guards)) for tenant, of in room.items()}
        return await super().claim(asked, lease=lease, worker=worker)


def _without_parts(guards: Guards) -> Guards:
    return replace(guards, limits={kind: limit for kind, limit in guards.limits.items() if kind not in PARTS})


class CountsAfterTheCall(Database):
    """What takes something away is counted when it has been done, not when it is claimed: many at once see the same count."""

    def __init__(self, clock: Clock, rng: random.Random, trace: Trace) -> None:
        super().__init__(clock, rng, trace)
        self._begun: dict[GuardedKey, GuardedRow] = {}

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        asked = {tenant: of if self._full(tenant, of) else replace(of, guards=UNGUARDED) for tenant, of in room.items()}
        jobs = await super().claim(asked, lease=lease, worker=worker)
        for one in all_asked(
            [job for job in jobs if not job.guard], {tenant: of.guards for tenant, of in room.items()}
        ):
            if one.takes:
                self._begun[one.key] = GuardedRow(GuardState.COUNTED, self.state.clock(), 0)
        return jobs

    def _full(self, tenant: str, room: Room) -> bool:
        counted = sum(key[0] == tenant and row.state is GuardState.COUNTED for key, row in self.state.guarded.items())
        return any(counted >= limit.accounts for limit in room.guards.limits.values())

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        if any(isinstance(write, Settle) for write in writes):
            for key in [key for key in self._begun if key[:2] == (lease.tenant_id, lease.student_id)]:
                self.state.guarded[key] = self._begun.pop(key)
        await super().commit(lease, writes, service=service)
