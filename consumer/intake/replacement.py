"""When a consumer that librdkafka has given up for good, because it was fenced or failed fatally, is replaced.

reading ──fatal──▶ replaced ──fatal within a minute──▶ Stop: another process uses our `group.instance.id`, and each replacement would
                                                       fence it in turn; the supervisor's restarts back off
        ──instance id not released──▶ replaced every few seconds: that fences nothing, and a crashed predecessor's session ends
"""

from collections.abc import Callable

import structlog
from confluent_kafka import KafkaError

from consumer.errors import Stop
from consumer.observe.metrics import Metrics

log = structlog.get_logger()

_DUEL, _INSTANCE_AGAIN = 60.0, 5.0
"""Seconds: within which a second fatal error stops the process; and between attempts while our instance id is not released."""

_UNRELEASED = KafkaError(KafkaError.UNRELEASED_INSTANCE_ID).str()
"""librdkafka's words: the code of a fatal error says only that it is one."""


class Replacement:
    """Replaces consumers. `clock` returns seconds."""

    def __init__(self, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._metrics = metrics
        self._clock = clock
        self._last: float | None = None
        self._at: float | None = None

    @property
    def awaited(self) -> bool:
        """Whether the consumer has failed, and is not replaced yet."""
        return self._at is not None

    @property
    def due(self) -> bool:
        """Whether to replace it now."""
        return self._at is not None and self._at <= self._clock()

    def failed(self, error: KafkaError) -> None:
        """The consumer cannot continue. Raises `Stop` where a replacement would not last."""
        if self._at is not None:
            return
        now = self._clock()
        if _UNRELEASED in error.str():
            self._at = now + _INSTANCE_AGAIN
        elif self._last is not None and now - self._last < _DUEL:
            raise Stop(
                f"The Kafka consumer failed again within a minute ({error.name()}): {error.str()}. Does another process use the same "
                "`kafka.group_instance_id`?"
            )
        else:
            self._at = now
        self._metrics.loop_faults.labels("intake", error.name()).inc()
        log.warning("consumer_failed", error=error.name(), why=error.str())

    def done(self) -> None:
        """It was replaced."""
        self._last, self._at = self._clock(), None
        self._metrics.consumers_replaced.inc()
