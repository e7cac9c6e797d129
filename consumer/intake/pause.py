"""Why intake is paused, and when it is retried.

free ──failed──▶ paused ──failed──▶ paused, twice as long apart
 ▲                │ succeeded
 └──succeeded── calming, for a while (hysteresis)
"""

from collections.abc import Callable

import structlog

from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 10.0


class Pause:
    """Back-off and hysteresis for a dependency. An unstable one must not pause and resume the partitions repeatedly: see `calm`."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float], *, calm: float) -> None:
        """`calm`: seconds without a failure before the pause ends."""
        self._metrics = metrics
        self._clock = clock
        self._calm = calm
        self._pause = _FIRST_PAUSE
        self._again_at = 0.0
        self.cause: str | None = None
        """The unavailable dependency; None if there is none."""

    @property
    def due(self) -> bool:
        """Whether to try now."""
        return self._again_at <= self._clock()

    def failed(self, cause: str, why: str) -> None:
        """Pauses; each time longer, up to 10 s."""
        if cause != self.cause:
            self._end()
            self.cause = cause
            self._metrics.intake_paused.labels(cause).set(1)
            log.warning("intake_paused", cause=cause, why=why)
        self._again_at = self._clock() + self._pause
        self._pause = min(_LONGEST_PAUSE, self._pause * 2)

    def succeeded(self) -> None:
        """Ends the pause, or the back-off first."""
        if self.cause is None:
            return
        if self._pause > _FIRST_PAUSE:
            self._pause = _FIRST_PAUSE
            self._again_at = self._clock() + self._calm
        if self.due:
            log.info("intake_resumed", cause=self.cause)
            self._end()

    def _end(self) -> None:
        if self.cause is not None:
            self._metrics.intake_paused.labels(self.cause).set(0)
            self.cause = None
