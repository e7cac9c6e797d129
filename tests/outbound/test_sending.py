"""Each outcome that is sent has a span in its event's trace."""

from collections.abc import Sequence

from consumer.ledger.port.outbox import OutboxRow
from consumer.outbound.sending import Sending
from testbed.spans import recorded, trace_of, traceparent_to

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def row(headers: Sequence[tuple[str, bytes]]) -> OutboxRow:
    return OutboxRow("account-provisioned", b"north/S1", b"value", tuple(headers))


TRACED = row([("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode())])


def test_an_outcome_is_sent_in_the_trace_of_its_event_linked_to_its_transaction() -> None:
    with recorded() as spans:
        Sending([TRACED, row([])]).end()
    sent, transaction = spans.one("send account-provisioned"), spans.one("publish outcomes")
    assert trace_of(sent) == TRACE
    (link,) = sent.links
    assert f"-{link.context.span_id:016x}-" in traceparent_to(transaction)
    assert (sent.attributes or {})["messaging.destination.name"] == "account-provisioned"


def test_what_was_not_committed_is_not_recorded() -> None:
    with recorded() as spans:
        Sending([TRACED])
    assert spans.names() == []


def test_without_tracing_there_is_nothing_to_end() -> None:
    Sending([TRACED]).end()
