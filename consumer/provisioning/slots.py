"""How many more students a process may take into work.

A student whose vendor takes its time costs memory and a connection, and no CPU. So it keeps its slot for some seconds only; after that it
counts against its tenant alone, and schools whose vendor is slow do not fill the process.
"""

from collections import OrderedDict
from collections.abc import Hashable

from consumer.provisioning.slow_start import SlowStart

_SLOW_AFTER = 3.0
"""Seconds: several times what an account takes at a vendor in good health."""
SLOW_SHARE = 3
"""For each slot, how many slow students there may be besides; more of them keep their slots."""


class Slots:
    """`concurrency` of them, given out little by little (see `SlowStart`). Times are in seconds, by any clock that does not go back."""

    def __init__(self, concurrency: int) -> None:
        self._slow_start = SlowStart(concurrency)
        self._most_slow = SLOW_SHARE * concurrency
        self._quick: OrderedDict[Hashable, float] = OrderedDict()
        self._slow: set[Hashable] = set()

    def take(self, student: Hashable, now: float) -> None:
        """The student is in work."""
        self._quick[student] = now

    def release(self, student: Hashable) -> None:
        """The student is not in work any more."""
        self._slow.discard(student)
        self._quick.pop(student, None)

    def free(self, now: float) -> int:
        """How many there are."""
        while self._quick and len(self._slow) < self._most_slow:
            student, since = next(iter(self._quick.items()))
            if now - since < _SLOW_AFTER:
                break
            del self._quick[student]
            self._slow.add(student)
        taken = len(self._quick)
        return max(0, self._slow_start.allowed(taken, now) - taken)
