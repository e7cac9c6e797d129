"""Spans of one trace, across what keeps its context."""

import json
from collections.abc import Iterator

import pytest
from opentelemetry.trace import StatusCode

from consumer.observe import tracing
from consumer.observe.trace_context import trace_id
from testbed.spans import Spans, recorded, trace_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
UNSAMPLED = f"00-{TRACE}-00f067aa0ba902b7-00"


@pytest.fixture
def spans() -> Iterator[Spans]:
    with recorded() as spans:
        yield spans


def test_nothing_is_recorded_before_it_is_started() -> None:
    with tracing.span("step create", within=PARENT) as span:
        assert not span.is_recording()
        assert tracing.traceparent() is None
    assert tracing.begun("process events", kind=tracing.CONSUMER, within=PARENT, about={}) is None


def test_a_span_continues_the_trace_that_its_event_came_with(spans: Spans) -> None:
    with tracing.span("provision student", within=PARENT, about={"provisioner.attempt": 2}):
        pass
    span = spans.one("provision student")
    assert trace_of(span) == TRACE
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"
    assert dict(span.attributes or {}) == {"provisioner.attempt": 2}


def test_a_span_within_another_is_its_child(spans: Spans) -> None:
    with tracing.span("provision student", within=PARENT), tracing.span("step create"):
        pass
    inner, outer = spans.all()
    assert inner.parent == outer.get_span_context()


def test_what_keeps_its_context_is_gone_on_from_elsewhere(spans: Spans) -> None:
    accepted = tracing.begun("process events", kind=tracing.CONSUMER, within=PARENT, about={})
    assert accepted is not None
    kept = tracing.traceparent_of_span(accepted)
    accepted.end()
    with tracing.span("provision student", within=kept):
        assert trace_id(tracing.traceparent()) == TRACE
    later = spans.one("provision student")
    assert later.parent is not None
    assert later.parent.span_id == accepted.get_span_context().span_id


def test_an_event_without_a_trace_begins_one(spans: Spans) -> None:
    span = tracing.begun("process events", kind=tracing.CONSUMER, within=None, about={})
    assert span is not None
    assert trace_id(tracing.traceparent_of_span(span)) is not None
    span.end()
    assert spans.one("process events").parent is None


def test_a_trace_that_its_sender_does_not_record_is_not_recorded_and_continues(spans: Spans) -> None:
    span = tracing.begun("process events", kind=tracing.CONSUMER, within=UNSAMPLED, about={})
    assert span is not None
    assert trace_id(tracing.traceparent_of_span(span)) == TRACE
    span.end()
    assert spans.all() == ()


def test_a_measurement_leads_to_the_trace_that_it_belongs_to(spans: Spans) -> None:
    with tracing.span("step create", within=PARENT):
        assert tracing.exemplar() == {"trace_id": TRACE}
    assert spans.names() == ["step create"]


def test_a_measurement_leads_to_no_trace_that_is_not_recorded(spans: Spans) -> None:
    with tracing.span("step create", within=UNSAMPLED):
        assert tracing.exemplar() is None
    assert tracing.exemplar() is None
    assert spans.all() == ()


def test_a_failure_is_said_by_its_type_and_never_by_its_text(spans: Spans) -> None:
    with pytest.raises(ValueError, match="maria"), tracing.span("step create"):
        raise ValueError("maria.rossi@home.example")
    span = spans.one("step create")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert "maria" not in json.dumps(json.loads(span.to_json()))


def test_spans_of_many_traces_are_linked_to_the_one_that_they_were_done_in(spans: Spans) -> None:
    batch = tracing.begun("publish outcomes", kind=tracing.INTERNAL, within=None, about={})
    assert batch is not None
    links = tracing.link_to(tracing.traceparent_of_span(batch))
    sent = tracing.begun("send outcomes", kind=tracing.PRODUCER, within=PARENT, about={}, links=links)
    assert sent is not None
    sent.end()
    (link,) = spans.one("send outcomes").links
    assert link.context.span_id == batch.get_span_context().span_id
    assert trace_of(spans.one("send outcomes")) == TRACE
