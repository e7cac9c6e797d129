"""A breaker for one tenant's one service, or a part of it: after some failures in a row, or a hold, all wait; then one student probes.

    closed ──`threshold` failures in a row, or a hold──▶ open: all wait ──wait over──▶ half-open: one student at a time
       ▲                                                                              │ answered       │ failed
       └──────────────────────────────────────────────────────────────────────────────┘                └──▶ open again

The wait itself is kept in the ledger, so that all replicas observe it; a breaker only counts what its own process met.
"""

from collections.abc import Generator
from contextlib import contextmanager

from consumer.errors import Hold, OnHold, RetryLater


class Breaker:
    """Seconds: `wait`, and a third of it for those who meet a probe."""

    def __init__(self, *, threshold: int = 5, wait: float) -> None:
        self._threshold = threshold
        self._wait = wait
        self._failures = 0
        self._hold: Hold | None = None
        self._probing = False

    @contextmanager
    def passage(self) -> Generator[None]:
        """Held through a call. Raises `RetryLater` (`OnHold` after a hold) while another student probes."""
        probe = self._hold is not None or self._failures >= self._threshold
        if probe and self._probing:
            raise self._kept_back()
        self._probing = self._probing or probe
        try:
            yield
        finally:
            if probe:
                self._probing = False

    def answered(self) -> None:
        """The service answered, whatever it said."""
        self._failures = 0
        self._hold = None

    def failed(self) -> float | None:
        """The service did not answer, or failed itself. Returns the seconds that the tenant must wait now, if it must."""
        self._failures += 1
        return self._wait if self._failures >= self._threshold else None

    def held(self, hold: Hold) -> None:
        """A refusal that all who pass here would meet: when their wait is over, one student tries whether it still holds."""
        self._hold = hold

    def _kept_back(self) -> RetryLater:
        if self._hold is None:
            return RetryLater("The provider failed lately, and is being probed.", after=self._wait / 3)
        return OnHold(str(self._hold), reason=self._hold.reason, after=self._wait / 3, code=self._hold.code)


class Breakers:
    """The breakers of a process, one for each tenant and service, and for each part of one that was ever called."""

    def __init__(self, *, threshold: int = 5, wait: float) -> None:
        self._threshold = threshold
        self._wait = wait
        self._all: dict[tuple[str, str], Breaker] = {}

    def of(self, tenant_id: str, service: str) -> Breaker:
        """The breaker of this tenant's service, such as `microsoft`, or of a part of it, such as `microsoft/licences`."""
        key = (tenant_id, service)
        if key not in self._all:
            self._all[key] = Breaker(threshold=self._threshold, wait=self._wait)
        return self._all[key]
