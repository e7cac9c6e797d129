"""Spans of what is published: one for each outcome, in the trace of the event that it answers."""

from collections.abc import Iterable

from consumer.ledger.port.outbox import OutboxRow
from consumer.observe import tracing
from consumer.observe.trace_context import traceparent_of


class Sending:
    """Of one transaction, begun before it. Its outcomes are of many traces: all their spans are linked to the transaction's."""

    def __init__(self, rows: Iterable[OutboxRow]) -> None:
        transaction = tracing.begun("publish outcomes", kind=tracing.INTERNAL, within=None, about={})
        self._spans = [] if transaction is None else [transaction]
        if transaction is None:
            return
        links = tracing.link_to(tracing.traceparent_of_span(transaction))
        for row in rows:
            if parent := traceparent_of(row.headers):
                about = {
                    "messaging.system": "kafka",
                    "messaging.operation.type": "send",
                    "messaging.destination.name": row.topic,
                }
                sent = tracing.begun(
                    f"send {row.topic}", kind=tracing.PRODUCER, within=parent, about=about, links=links
                )
                self._spans += [] if sent is None else [sent]

    def end(self) -> None:
        """They are on their topics. Spans of a transaction that was not committed are not ended, and so are not recorded."""
        for span in reversed(self._spans):
            span.end()
