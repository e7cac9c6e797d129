"""A vendor's limit on calls, as a token bucket over an injected clock."""

from collections.abc import Callable


class Rate:
    """`per_second` calls in the long run, and `burst` at once. Refused calls take nothing. Seconds come from `clock`."""

    def __init__(self, per_second: float, *, burst: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._left = burst
        self._at = clock()

    @property
    def used(self) -> float:
        """Which part of the burst is used up, from 0 to 1."""
        self._refill()
        return 1 - self._left / self._burst if self._burst else 1.0

    def allows(self, cost: float = 1) -> bool:
        """Takes a call's worth, if there is as much."""
        self._refill()
        if self._left < cost:
            return False
        self._left -= cost
        return True

    def _refill(self) -> None:
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
