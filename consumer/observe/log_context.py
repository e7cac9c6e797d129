"""What all lines about one student, or one record, have in common, bound once."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

from structlog.contextvars import bound_contextvars

from consumer.observe.trace_context import trace_id, traceparent_of


def about_student(
    tenant_id: str, student_id: str, event_id: str, *, attempt: int, traceparent: str | None
) -> AbstractContextManager[None]:
    """For the student's task, and those that it starts."""
    return bound_contextvars(
        tenant_id=tenant_id,
        student_id=student_id,
        event_id=event_id,
        attempt=attempt,
        trace_id=trace_id(traceparent),
    )


def about_record(
    place: tuple[str, int, int], headers: Iterable[tuple[str, bytes | None]] | None
) -> AbstractContextManager[None]:
    """For this thread. `place`: topic, partition and offset."""
    topic, partition, offset = place
    return bound_contextvars(
        topic=topic, partition=partition, offset=offset, trace_id=trace_id(traceparent_of(headers))
    )
