"""The vendors' limits in memory."""

from consumer.pacing.limit import Limit, Portion, Want, new, slowed, taken
from testbed.fakes.ledger.state import OnState


class MemoryQuotas(OnState):
    """`Quotas` over a dictionary."""

    async def take(self, want: Want) -> Portion:
        now = self._state.clock().timestamp()
        before = self._state.limits.get(want.limit.key) or new(want.limit, now)
        self._state.limits[want.limit.key], portion = taken(before, want, now)
        return portion

    async def slow_down(self, limit: Limit) -> None:
        now = self._state.clock().timestamp()
        before = self._state.limits.get(limit.key) or new(limit, now)
        self._state.limits[limit.key] = slowed(before, now)
