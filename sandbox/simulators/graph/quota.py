"""Graph's limits on its identity and access service: writes, and resource units, which every call costs.

Source: Microsoft's page "Microsoft Graph service-specific throttling limits". The limits are taken as buckets that hold one period's worth.
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.tokens import Grant
from sandbox.simulators.rate import Rate

_COSTS = {
    "graph.users.list": 2,
    "graph.users.memberships": 2,
    "graph.users.roles": 2,
    "graph.subscribedSkus.list": 3,
    "graph.groups.members": 3,
}
"""Resource units of reads, by route; of any other, and of each write, one."""
_UNITS, _WRITES = "ResourceUnitLimitExceeded", "WriteLimitExceeded"
_SMALL_PAGE = 20
_WARNED_FROM = 0.8


class _Limit(NamedTuple):
    """So much in so many seconds of those that are `whose`; None: unlimited."""

    scope: str
    information: str
    whose: tuple[str, ...]
    most: int | None
    seconds: float


class Quota:
    """Raises `Refusal` (429) for a call too many. Unix seconds come from `clock`."""

    def __init__(self, quirks: GraphQuirks, *, clock: Callable[[], float]) -> None:
        self._quirks = quirks
        self._clock = clock
        self._rates: dict[tuple[str, ...], Rate] = {}

    def charge(
        self, grant: Grant, route: str, *, writes: bool, query: Mapping[str, str], bound: int = 0
    ) -> Mapping[str, str]:
        """Counts the call, which binds so many members; the headers that its answer has therefore."""
        written = ceil(bound / 3) if bound and self._quirks.bound_members_cost == "thirds" else 1
        cost = 1 if writes else units(route, query)
        used = 0.0
        for limit in self._limits(grant, writes=writes):
            if limit.most is None:
                continue
            rate = self._rates.setdefault(
                (limit.scope, limit.information, *limit.whose),
                Rate(limit.most / limit.seconds, burst=limit.most, clock=self._clock),
            )
            counts_units = limit.information == _UNITS
            if not rate.allows(cost if counts_units else written):
                kind = "ReadWrite" if counts_units else "Write"
                scope = f"{limit.scope}/{kind}/{grant.client_id}/{grant.tenant_id}"
                raise refusals.throttled(self._quirks.retry_after, information=limit.information, scope=scope)
            used = max(used, rate.used)
        warns = self._quirks.shows_usage and used >= _WARNED_FROM
        return {
            "x-ms-resource-unit": str(cost),
            **({"x-ms-throttle-limit-percentage": f"{used:.2f}"} if warns else {}),
        }

    def _limits(self, grant: Grant, *, writes: bool) -> Sequence[_Limit]:
        quirks, tenant, client = self._quirks, grant.tenant_id, grant.client_id
        both = (tenant, client)
        all_calls = _Limit("Tenant_Application", _UNITS, both, quirks.resource_units, 10)
        if not writes:
            return [all_calls]
        return [
            all_calls,
            _Limit("Tenant_Application", _WRITES, both, quirks.writes_per_window, 150),
            _Limit("Tenant", _WRITES, (tenant,), quirks.directory_writes, 300),
            _Limit("Application", _WRITES, (client,), quirks.application_writes, 300),
        ]


def units(route: str, query: Mapping[str, str]) -> int:
    """What a read costs: `$select` and a small `$top` save one each, `$expand` costs one more, and nothing is free."""
    top = query.get("$top", "")
    saved = ("$select" in query) + (top.isdecimal() and int(top) < _SMALL_PAGE)
    return max(1, _COSTS.get(route, 1) - saved + ("$expand" in query))
