"""What spans a piece of code records."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from consumer.observe import tracing


class Spans:
    """Those that have ended, in that order."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> Sequence[ReadableSpan]:
        """Each of them."""
        return self._exporter.get_finished_spans()

    def names(self) -> Sequence[str]:
        """Their names."""
        return [span.name for span in self.all()]

    def one(self, name: str) -> ReadableSpan:
        """The only one of this name."""
        (span,) = (span for span in self.all() if span.name == name)
        return span


@contextmanager
def recorded() -> Generator[Spans]:
    """Meanwhile spans are recorded in memory."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.start(provider)
    try:
        yield Spans(exporter)
    finally:
        tracing.stop()
        provider.shutdown()


def trace_of(span: ReadableSpan) -> str:
    """Its trace's id, as a `traceparent` has it."""
    return traceparent_to(span).split("-")[1]


def traceparent_to(span: ReadableSpan) -> str:
    """How a `traceparent` begins by which what follows continues it: all but its flags."""
    context = span.get_span_context()
    assert context is not None, span.name
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-"
