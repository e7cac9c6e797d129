"""One trace for an event: from the SIS's producer through intake, steps, vendors' calls and mail to its outcomes.

    producer ──▶ process student-status-changed ──▶ provision student ──▶ step create ──▶ google create
                    (its context is in the ledger)      (one an attempt)                  send account-provisioned

The context is kept with the event in the ledger, so a trace continues after a restart and in another replica. Names and attributes are
those of OpenTelemetry's semantic conventions where there are such. No span holds a person's data, a URL or the text of an exception.

Without `start`, all of this does nothing; then outcomes bear the `traceparent` that the event came with.
"""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from opentelemetry import context, trace
from opentelemetry.trace import Link, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from consumer.observe.trace_context import HEADER

SCOPE = "provisioner"
CONSUMER, PRODUCER, CLIENT, INTERNAL = SpanKind.CONSUMER, SpanKind.PRODUCER, SpanKind.CLIENT, SpanKind.INTERNAL
Attributes = Mapping[str, str | int | bool]
_W3C = TraceContextTextMapPropagator()
_OFF: AbstractContextManager[Span] = nullcontext(trace.INVALID_SPAN)


class Tracers(Protocol):
    """Where tracers come from: OpenTelemetry's `TracerProvider`."""

    def get_tracer(self, instrumenting_module_name: str, /) -> trace.Tracer: ...


class _Tracing:
    """Of this process, as OpenTelemetry's own is: a span is opened below layers that have nothing to do with it."""

    tracer: trace.Tracer | None = None


def start(tracers: Tracers) -> None:
    """From now on spans are recorded."""
    _Tracing.tracer = tracers.get_tracer(SCOPE)


def stop() -> None:
    """From now on none is."""
    _Tracing.tracer = None


def is_on() -> bool:
    """Whether spans are recorded."""
    return _Tracing.tracer is not None


def span(
    name: str, *, kind: SpanKind = INTERNAL, within: str | None = None, about: Attributes | None = None
) -> AbstractContextManager[Span]:
    """Around what is done. `within`: the traceparent that it continues; without it, the span that it is done in."""
    return _OFF if _Tracing.tracer is None else _current(_Tracing.tracer, name, kind, within, about)


@contextmanager
def _current(
    tracer: trace.Tracer, name: str, kind: SpanKind, within: str | None, about: Attributes | None
) -> Generator[Span]:
    with tracer.start_as_current_span(
        name,
        context=None if within is None else _context(within),
        kind=kind,
        attributes=about,
        record_exception=False,  # its text may quote what was sent
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            failed(opened, type(error).__name__)
            raise


def begun(
    name: str, *, kind: SpanKind, within: str | None, about: Attributes, links: tuple[Link, ...] = ()
) -> Span | None:
    """A span that its holder ends; None where none is recorded."""
    if _Tracing.tracer is None:
        return None
    parent = context.Context() if within is None else _context(within)
    return _Tracing.tracer.start_span(name, context=parent, kind=kind, attributes=about, links=links)


def failed(one: Span, why: str) -> None:
    """`why` is a type, a reason or a status, never a text."""
    one.set_attribute("error.type", why)
    one.set_status(Status(StatusCode.ERROR))


def traceparent_of_span(one: Span) -> str:
    """By which what follows continues it."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, context=trace.set_span_in_context(one, context.Context()))
    return carrier[HEADER]


def traceparent() -> str | None:
    """Of the span that is current; None where none is recorded."""
    current = trace.get_current_span() if is_on() else trace.INVALID_SPAN
    return traceparent_of_span(current) if current.get_span_context().is_valid else None


def exemplar() -> dict[str, str] | None:
    """By which a measurement leads to its trace (OpenMetrics); None where the current span is not recorded."""
    current = trace.get_current_span() if is_on() else trace.INVALID_SPAN
    return {"trace_id": f"{current.get_span_context().trace_id:032x}"} if current.is_recording() else None


def link_to(parent: str | None) -> tuple[Link, ...]:
    """To the span of a traceparent."""
    if parent is None:
        return ()
    found = trace.get_current_span(_context(parent)).get_span_context()
    return (Link(found),) if found.is_valid else ()


def _context(parent: str) -> context.Context:
    return _W3C.extract({HEADER: parent}, context=context.Context())
