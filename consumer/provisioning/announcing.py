"""Outcomes as the outbox takes them."""

from consumer.codec.writer import OutcomeWriter
from consumer.events import Outcome
from consumer.ledger.port.writes import Publish
from consumer.observe.metrics import Metrics


class OutcomeAnnouncer:
    """Keeps `Announcer`, by the registry's schemas."""

    def __init__(self, writer: OutcomeWriter, metrics: Metrics) -> None:
        self._writer = writer
        self._metrics = metrics

    def __call__(self, outcome: Outcome, *, traceparent: str | None) -> Publish:
        """The outcome as a record, counted."""
        record = self._writer.write(outcome, traceparent=traceparent)
        reason = getattr(outcome, "reason", None) or ""
        self._metrics.outcomes.labels(outcome.tenant_id, outcome.provider, record.topic, reason).inc()
        return Publish(outcome.event_id, record.topic, record.key, record.value, record.headers)
