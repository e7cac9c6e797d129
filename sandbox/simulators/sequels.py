"""What an institution reports of a student later: the next version of an event, with another status, or with something changed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from consumer.events import Student
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.events import SimulatedRecord

_FIRST = datetime(2026, 9, 1, 6, tzinfo=UTC)


def sequel(
    before: SimulatedRecord, status: str, encoder: Encoder, student: Student | None = None, *, previous: str = ""
) -> SimulatedRecord:
    """The next version of the student's state, which now is as `student` says; `previous` is the status before. The same each time."""
    student, version = student or before.student, before.version + 1
    ident = sha256(f"{before.event_id}/{version}/{status}".encode()).digest()[:16]
    event = {
        "event_id": str(UUID(bytes=ident, version=4)),
        "occurred_at": _FIRST + timedelta(days=1, seconds=version),
        "tenant_id": before.tenant_id,
        "version": version,
        "previous_status": previous or None,
        "status": {"id": status, "name": status.title(), "type": ""},
        "student": student.model_dump(),
    }
    return replace(before, value=encoder.encode(event), event_id=event["event_id"], version=version, student=student)


def newest_of(records: Iterable[SimulatedRecord]) -> Mapping[tuple[str, str], SimulatedRecord]:
    """The newest that can be read of each student, by tenant and student."""
    newest: dict[tuple[str, str], SimulatedRecord] = {}
    for record in records:
        student = (record.tenant_id, record.student_id)
        if record.breakage is None and (student not in newest or newest[student].version < record.version):
            newest[student] = record
    return newest
