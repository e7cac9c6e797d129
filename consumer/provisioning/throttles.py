"""How long a tenant's service is left alone after a rate limit for which the vendor names no time: 1, 2, 4 … seconds.

Most limits are per second or per minute, and much is possible again soon. Counts what its own process met; the wait is kept in the ledger,
and so observed by all replicas.
"""

from dataclasses import dataclass

_FIRST = 1.0

Place = tuple[str, str]
"""A tenant, and its service."""


@dataclass(frozen=True, slots=True)
class _Wait:
    until: float
    seconds: float


class Throttles:
    """Of one process. Times are in seconds, by any clock that only rises."""

    def __init__(self) -> None:
        self._waits: dict[Place, _Wait] = {}

    def seconds(self, place: Place, now: float, *, longest: float) -> float:
        """For how long to wait after this refusal: twice as long as after the last, `longest` at most.

        A refusal during a wait is of a call that was under way when it began, and does not prolong it.
        """
        last = self._waits.get(place)
        if last is not None and now < last.until:
            return last.until - now
        seconds = min(longest, _FIRST if last is None else 2 * last.seconds)
        self._waits[place] = _Wait(now + seconds, seconds)
        return seconds

    def served(self, place: Place) -> None:
        """A call was carried out: the next wait is the first again."""
        self._waits.pop(place, None)
