"""Which tenants get the free slots: those that have work, in turn, and the least served first.

The ledger says who has students to claim (`Work.due`). A tenant with nothing to do costs nothing, so their number does not matter.

    seen due ──▶ ready ──▶ room ──▶ claimed ──┬─ as many as asked for ──▶ ready, after all others
                  ▲ ▲                         └─ fewer ─────────────────▶ forgotten, until it is seen again
                  │ └── full (`limit` in work), until one of them ends
                  └──── waiting (all of its services are left alone), until then
"""

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from consumer.ledger.port.work import Backlog, Due, Room
from consumer.provisioning.slots import Slots


@dataclass(frozen=True, slots=True)
class Share:
    """A tenant's: at most `limit` students in work at once, which is its weight too. `services` are its providers'."""

    limit: int
    services: tuple[str, ...] = ()


class Scheduler:
    """Knows what its caller reports. Times are in seconds, by any clock.

    A tenant all of whose services wait is not ready, unless one of its students has been due for `overdue` seconds and must be reported.
    One whose students in work wait for a vendor's limit is `congested`: it takes no places until fewer of them do.
    """

    def __init__(
        self, shares: Mapping[str, Share], *, overdue: float, congested: Callable[[str], bool] = lambda _: False
    ) -> None:
        self._shares = shares
        self._congested = congested
        self._overdue = overdue
        self._in_work: Counter[str] = Counter()
        self._ready: OrderedDict[str, None] = OrderedDict()
        self._full: set[str] = set()
        self._waiting: dict[str, float] = {}
        self._wake_up: list[tuple[float, str]] = []

    @property
    def shares(self) -> Mapping[str, Share]:
        """Those of the tenants that are served."""
        return self._shares

    def reconfigure(self, shares: Mapping[str, Share]) -> None:
        """Other tenants, or other limits. Students in work count until they end; of a tenant that has left, no more are claimed."""
        self._shares = shares
        for tenant in [*self._ready, *self._full]:
            self._forget(tenant)
            if tenant in shares:
                self._has_work(tenant)
        for tenant in self._waiting.keys() - shares.keys():
            del self._waiting[tenant]

    def saw(self, due: Due, now: float, *, everything: bool) -> None:
        """The ledger's answer. `everything`: tenants that are not in it have nothing to do."""
        if everything:
            for tenant in [*self._ready.keys() - due.tenants.keys()]:
                del self._ready[tenant]
            self._full &= due.tenants.keys()
            self._waiting.clear()
            self._wake_up.clear()
        for tenant, backlog in due.tenants.items():
            if (share := self._shares.get(tenant)) is None:
                continue  # has left the configuration
            wait = _wait(share, backlog)
            if wait > 0 and backlog.oldest < self._overdue:
                self._forget(tenant)
                self._waiting[tenant] = now + wait
                heapq.heappush(self._wake_up, (now + wait, tenant))
            else:
                self._has_work(tenant)

    def room(self, slots: Slots, now: float) -> Mapping[str, Room]:
        """How many students to claim, of which tenants. Those that have the fewest in work, for their limit, get most."""
        self._end_waits(now)
        free, apart = slots.free(now), slots.free_apart()
        quick = list(islice((one for one in self._ready if not slots.is_slow(one) and not self._congested(one)), free))
        ready_slow = (one for one in slots.slow_tenants() if one in self._ready and not self._congested(one))
        slow = list(islice(ready_slow, apart))
        places = self._shared(quick, free) + self._shared(slow, apart)
        for tenant in places:
            self._ready.move_to_end(tenant)
        return {tenant: Room(count, self._shares[tenant].services, self._overdue) for tenant, count in places.items()}

    def _shared(self, tenants: Sequence[str], free: int) -> Counter[str]:
        """So many places, one by one to the tenant with the least load."""
        places: Counter[str] = Counter()
        served = [(self._load(tenant, 0), turn, tenant) for turn, tenant in enumerate(tenants)]
        heapq.heapify(served)
        for _ in range(free):
            if not served:
                break
            _, turn, tenant = heapq.heappop(served)
            places[tenant] += 1
            if self._in_work[tenant] + places[tenant] < self._shares[tenant].limit:
                heapq.heappush(served, (self._load(tenant, places[tenant]), turn, tenant))
        return places

    def claimed(self, room: Mapping[str, Room], tenants: Collection[str]) -> None:
        """The tenants of the students that were claimed, one for each student."""
        counts = Counter(tenants)
        for tenant, asked in room.items():
            if counts[tenant] < asked.places:
                self._forget(tenant)

    def started(self, tenant: str) -> None:
        """One of its students is in work."""
        self._in_work[tenant] += 1
        if tenant in self._ready and self._in_work[tenant] >= self._shares[tenant].limit:
            del self._ready[tenant]
            self._full.add(tenant)

    def ended(self, tenant: str) -> None:
        """One of its students is not in work any more."""
        self._in_work[tenant] -= 1
        if not self._in_work[tenant]:
            del self._in_work[tenant]
        if tenant in self._full:
            self._full.remove(tenant)
            self._has_work(tenant)

    def next_wait_ends(self) -> float | None:
        """When the first wait of a tenant ends; None where none waits."""
        while self._wake_up and self._waiting.get(self._wake_up[0][1]) != self._wake_up[0][0]:
            heapq.heappop(self._wake_up)
        return self._wake_up[0][0] if self._wake_up else None

    def _end_waits(self, now: float) -> None:
        while (at := self.next_wait_ends()) is not None and at <= now:
            _, tenant = heapq.heappop(self._wake_up)
            self._has_work(tenant)

    def _has_work(self, tenant: str) -> None:
        self._waiting.pop(tenant, None)
        if self._in_work[tenant] >= self._shares[tenant].limit:
            self._full.add(tenant)
        else:
            self._ready.setdefault(tenant)

    def _forget(self, tenant: str) -> None:
        self._ready.pop(tenant, None)
        self._full.discard(tenant)

    def _load(self, tenant: str, more: int) -> float:
        return (self._in_work[tenant] + more) / self._shares[tenant].limit


def _wait(share: Share, backlog: Backlog) -> float:
    """Seconds until the first of its services may be called again; 0.0 where one may be called now."""
    return min((backlog.waits.get(service, 0.0) for service in share.services), default=0.0)
