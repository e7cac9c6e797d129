"""A slow start, as TCP has it: students that begin together open connections together, and hundreds of TLS handshakes at once outlast
the time that each of them has. The breakers would take that for the vendors' outage.
"""

GROWS_EVERY = 1.0
_FIRST = 64


class SlowStart:
    """How many students may be in work at once: every second twice as many as were in the last one, `first` at least, `most` at most.

    So it falls back by itself where less was to do: connections that are not used are closed. Times are in seconds, by any clock.
    """

    def __init__(self, most: int, *, first: int = _FIRST) -> None:
        self._most = most
        self._first = first
        self._allowed = min(first, most)
        self._peak = 0
        self._since = float("-inf")

    def allowed(self, in_work: int, now: float) -> int:
        """How many may be in work now. `in_work` is how many are; call it whenever that number changes much."""
        self._peak = max(self._peak, in_work)
        if now - self._since >= GROWS_EVERY:
            self._allowed = min(self._most, max(self._first, 2 * self._peak))
            self._peak, self._since = in_work, now
        return self._allowed
