"""The work that everybody does with one event, so that only the framework differs: decode, validate, look the status up."""

import io
import json
import os
import time
from datetime import datetime
from pathlib import Path

import fastavro
from pydantic import BaseModel

_SCHEMA = fastavro.parse_schema(
    json.loads((Path(__file__).parents[2] / "schemas" / "student-status-changed.avsc").read_text(encoding="utf-8"))
)
_ACTING = {"enrolled"}
_HEADER = 5

KAFKA = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
TOPIC = os.environ["TOPIC"]
COUNT = int(os.environ["COUNT"])
STUB = os.environ.get("STUB", "")
IN_FLIGHT = int(os.environ.get("IN_FLIGHT", "500"))
BATCH = 500


class _Status(BaseModel):
    id: str
    name: str
    type: str


class _Student(BaseModel):
    student_id: str
    registration_number: str | None
    given_name: str
    family_name: str
    preferred_name: str | None
    contact_email: str | None
    guardian_emails: list[str]
    preferred_language: str | None
    attributes: dict[str, str]
    external_sync_disabled: bool


class _Event(BaseModel):
    event_id: str
    occurred_at: datetime
    tenant_id: str
    version: int
    previous_status: str | None
    status: _Status
    student: _Student


def acts(value: bytes) -> bool:
    """Whether the event, in Confluent's wire format, asks for anything."""
    record = fastavro.schemaless_reader(io.BytesIO(value[_HEADER:]), _SCHEMA, None)  # pyright: ignore[reportUnknownMemberType]  bare IO in its stubs
    return _Event.model_validate(record).status.id in _ACTING


class Meter:
    """Counts from the first event on; tells its reading at the last, and that it was the last."""

    def __init__(self) -> None:
        self._seen = 0
        self._began = self._cpu = 0.0

    def add(self, count: int = 1) -> bool:
        """Whether all are dealt with."""
        if not self._seen:
            self._began, self._cpu = time.perf_counter(), time.process_time()
        self._seen += count
        if self._seen < COUNT:
            return False
        took, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        reading = {"events": self._seen, "seconds": took, "cpu": cpu}
        os.write(1, f"{json.dumps(reading)}\n".encode())  # frameworks that stop hard flush nothing
        return True
