"""How many more students a process may take into work.

A student whose vendor takes its time costs memory and a connection, and no CPU. So it keeps its slot for some seconds only, and as long as
one of a tenant's students is that slow, others of the tenant take none: they are counted apart. Schools whose vendor is slow do not fill
the process; each has its own limit, and all of them together have one.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import chain

from consumer.provisioning.slow_start import SlowStart

_SLOW_AFTER = 3.0
"""Seconds: several times what an account takes at a vendor in good health."""
_SLOW_FOR = 10.0
"""Seconds after its last slow student ended, for which a tenant counts as slow: the next ones meet the same vendor, and would take all
slots for as long as it takes to see that."""
SLOW_SHARE = 3
"""For each slot, how many students of slow tenants there may be besides."""


@dataclass(slots=True)
class _Taken:
    tenant: str
    since: float
    apart: bool


class Slots:
    """`concurrency` of them, given out little by little (see `SlowStart`). Times are in seconds, by any clock that does not go back."""

    def __init__(self, concurrency: int) -> None:
        self._slow_start = SlowStart(concurrency)
        self._most_apart = SLOW_SHARE * concurrency
        self._young: OrderedDict[Hashable, _Taken] = OrderedDict()
        self._old: dict[Hashable, _Taken] = {}
        self._slow: Counter[str] = Counter()
        self._lately: OrderedDict[str, float] = OrderedDict()
        self._apart = 0

    def take(self, student: Hashable, tenant: str, now: float) -> None:
        """The student is in work."""
        apart = self.is_slow(tenant)
        self._apart += apart
        self._young[student] = _Taken(tenant, now, apart)

    def release(self, student: Hashable, now: float) -> None:
        """The student is not in work any more."""
        taken = self._young.pop(student, None)
        if taken is None:
            taken = self._old.pop(student)
            self._slow[taken.tenant] -= 1
            if not self._slow[taken.tenant]:
                del self._slow[taken.tenant]
                self._lately[taken.tenant] = now + _SLOW_FOR
        self._apart -= taken.apart

    def is_slow(self, tenant: str) -> bool:
        """Whether one of the tenant's students is, or was lately, in work for so long that others are counted apart."""
        return tenant in self._slow or tenant in self._lately

    def slow_tenants(self) -> Iterable[str]:
        """All of them."""
        return chain(self._slow, self._lately)

    def free(self, now: float) -> int:
        """How many there are."""
        self._age(now)
        taken = len(self._young) + len(self._old) - self._apart
        return max(0, self._slow_start.allowed(taken, now) - taken)

    def free_apart(self) -> int:
        """How many more students of slow tenants there may be."""
        return max(0, self._most_apart - self._apart)

    def _age(self, now: float) -> None:
        while self._lately and next(iter(self._lately.values())) <= now:
            self._lately.popitem(last=False)
        while self._young:
            student, taken = next(iter(self._young.items()))
            if now - taken.since < _SLOW_AFTER:
                return
            del self._young[student]
            self._old[student] = taken
            self._slow[taken.tenant] += 1
            self._lately.pop(taken.tenant, None)
            if not taken.apart and self._apart < self._most_apart:
                taken.apart = True
                self._apart += 1
