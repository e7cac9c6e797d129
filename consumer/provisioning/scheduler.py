"""Which tenants get the free slots: those that have work, in turn, and the least served first.

The ledger says who has students to claim (`Work.due`). A tenant with nothing to do costs nothing, so their number does not matter.

    seen due ──▶ ready ──▶ room ──▶ claimed ──┬─ as many as asked for ──▶ ready, after all others
                  ▲ ▲                         └─ fewer ─────────────────▶ forgotten, until it is seen again
                  │ └── full (`limit` in work), until one of them ends
                  └──── waiting (all of its services are left alone), until then

Within a tenant, urgent work overtakes other work, and leaves it one place in four. Between tenants, the class of their work counts for
nothing.
"""

import heapq
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from consumer.ledger.port.guard import UNGUARDED, Guards
from consumer.ledger.port.work import ALL_CLASSES, Backlog, Due, Room
from consumer.policy.work_class import OTHERS_EVERY, WorkClass
from consumer.provisioning.slots import Slots

_ENOUGH_IN_LINE = 8
"""Students of a tenant who wait for a vendor's limit with work of one class: more would only hold leases."""


def no_one_in_line(_tenant: str, _work_class: WorkClass) -> int:
    """Where nothing is paced."""
    return 0


@dataclass(frozen=True, slots=True)
class Share:
    """A tenant's: at most `limit` students in work at once, which is its weight too. `services` are its providers'.

    `guards` are the limits of what takes something away.
    """

    limit: int
    services: tuple[str, ...] = ()
    guards: Guards = UNGUARDED


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a tenant may have: `most` places, for work of `classes`. `in_work`: how many of its students count as being in work."""

    tenant: str
    in_work: int
    most: int
    classes: frozenset[WorkClass]


class Scheduler:
    """Knows what its caller reports. Times are in seconds, by any clock.

    A tenant all of whose services wait is not ready, unless one of its students has been due for `overdue` seconds and must be reported.
    `in_line` says how many of a tenant's students in work, with work of a class, wait for a vendor's limit. Where these are enough, no
    more of the class are claimed; and those whose work is not urgent take no place from one whose work is.
    """

    def __init__(
        self, shares: Mapping[str, Share], *, overdue: float, in_line: Callable[[str, WorkClass], int] = no_one_in_line
    ) -> None:
        self._shares = shares
        self._in_line = in_line
        self._overdue = overdue
        self._urgent: set[str] = set()
        self._overtaken: Counter[str] = Counter()
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
            self._urgent.clear()
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
            if backlog.urgent:
                self._urgent.add(tenant)

    def room(self, slots: Slots, now: float) -> Mapping[str, Room]:
        """How many students to claim, of which tenants. Those that have the fewest in work, for their limit, get most."""
        self._end_waits(now)
        free, apart = slots.free(now), slots.free_apart()
        full = sorted(self._full & self._urgent)
        quick = (one for one in chain(full, self._ready) if not slots.is_slow(one))
        slow = (one for one in slots.slow_tenants() if one in self._ready or one in full)
        room = {**self._shared(quick, free), **self._shared(slow, apart)}
        for tenant in room:
            if tenant in self._ready:
                self._ready.move_to_end(tenant)
        return room

    def _shared(self, tenants: Iterable[str], free: int) -> Mapping[str, Room]:
        """So many places, one by one to the tenant with the least load."""
        offers = list(islice((offer for tenant in tenants if (offer := self._offer(tenant)) is not None), free))
        places: Counter[_Offer] = Counter()
        served = [(self._load(offer, 0), turn, offer) for turn, offer in enumerate(offers)]
        heapq.heapify(served)
        for _ in range(free):
            if not served:
                break
            _, turn, offer = heapq.heappop(served)
            places[offer] += 1
            if places[offer] < offer.most:
                heapq.heappush(served, (self._load(offer, places[offer]), turn, offer))
        return {offer.tenant: self._room(offer, count) for offer, count in places.items()}

    def _offer(self, tenant: str) -> _Offer | None:
        """None: no more of its students are claimed now."""
        classes = frozenset(one for one in WorkClass if self._in_line(tenant, one) < _ENOUGH_IN_LINE)
        in_work, limit = self._in_work[tenant], self._shares[tenant].limit
        if in_work >= limit:
            classes &= {WorkClass.URGENT}
            in_work -= self._in_line(tenant, WorkClass.NORMAL)
        if tenant not in self._urgent and WorkClass.NORMAL not in classes:
            return None
        return _Offer(tenant, in_work, limit - in_work, classes) if classes and in_work < limit else None

    def _room(self, offer: _Offer, places: int) -> Room:
        others = (self._overtaken[offer.tenant] + places) // OTHERS_EVERY if offer.classes == ALL_CLASSES else 0
        share = self._shares[offer.tenant]
        return Room(places, share.services, self._overdue, others, offer.classes, share.guards)

    def claimed(self, room: Mapping[str, Room], students: Collection[tuple[str, WorkClass]]) -> None:
        """Those that were claimed: for each of them, its tenant and the class of its work."""
        counts = Counter(students)
        for tenant, asked in room.items():
            urgent, others = counts[tenant, WorkClass.URGENT], counts[tenant, WorkClass.NORMAL]
            overtaken = self._overtaken[tenant] + urgent - (OTHERS_EVERY - 1) * others
            self._overtaken[tenant] = max(0, min(OTHERS_EVERY - 1, overtaken))
            if WorkClass.URGENT in asked.classes and urgent < asked.places - asked.others:
                self._urgent.discard(tenant)
            if asked.classes == ALL_CLASSES and urgent + others < asked.places:
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
        self._urgent.discard(tenant)
        del self._overtaken[tenant]

    def _load(self, offer: _Offer, more: int) -> float:
        return (offer.in_work + more) / self._shares[offer.tenant].limit


def _wait(share: Share, backlog: Backlog) -> float:
    """Seconds until the first of its services may be called again; 0.0 where one may be called now."""
    return min((backlog.waits.get(service, 0.0) for service in share.services), default=0.0)
