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

    def allows(self) -> bool:
        """Takes a call's worth, if there is one."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
