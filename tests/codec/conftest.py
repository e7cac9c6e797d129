"""A registry in memory, and records written as a SIS writes them."""

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import fastavro
import pytest
from hypothesis import settings

from consumer.codec.port import UnknownSchema, WriterSchema
from consumer.codec.reader import EventReader
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.codec.wire import SchemaRef, framed
from consumer.errors import Unavailable

settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, max_examples=150)
settings.load_profile("repeatable")

OURS = 1
GUID = UUID(int=7)


class FakeSchemas:
    """Keeps `Schemas`: texts by id or GUID, and what they refer to; `away` makes it unreachable."""

    def __init__(self) -> None:
        self.known: dict[SchemaRef, str] = {OURS: schema_text(STATUS_CHANGED), GUID: schema_text(STATUS_CHANGED)}
        self.references: dict[SchemaRef, tuple[str, ...]] = {}
        self.away = False

    def schema(self, ref: SchemaRef) -> WriterSchema:
        if self.away:
            raise Unavailable("The schema registry does not answer.")
        if ref not in self.known:
            raise UnknownSchema
        return WriterSchema(self.known[ref], self.references.get(ref, ()))


def event(**about: Any) -> dict[str, Any]:
    """An event as a SIS has it; `student` is merged."""
    student: dict[str, Any] = {
        "student_id": "S1",
        "registration_number": None,
        "given_name": "Ελένη",
        "family_name": "O'Neill",
        "preferred_name": None,
        "contact_email": "e@home.example",
        "guardian_emails": ["g@home.example"],
        "preferred_language": "el",
        "attributes": {"school": "north", "grade": "7"},
        "external_sync_disabled": False,
    }
    whole: dict[str, Any] = {
        "event_id": "e1",
        "occurred_at": datetime(2026, 9, 1, 12, tzinfo=UTC),
        "tenant_id": "north-high",
        "version": 3,
        "previous_status": None,
        "status": {"id": "enrolled", "name": "Enrolled", "type": "Registered"},
    }
    return {**whole, **about, "student": {**student, **about.get("student", {})}}


def payload(record: Mapping[str, Any], of: Mapping[str, Any] | None = None) -> bytes:
    """The record alone, by our schema or another."""
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, fastavro.parse_schema(dict(of or schema(STATUS_CHANGED))), dict(record))  # pyright: ignore[reportUnknownMemberType]  bare IO in its stubs
    return buffer.getvalue()


def written(record: Mapping[str, Any], schema_id: int = OURS, of: Mapping[str, Any] | None = None) -> bytes:
    """The record in Confluent's prefix form."""
    return framed(schema_id, payload(record, of))


@pytest.fixture
def schemas() -> FakeSchemas:
    return FakeSchemas()


@pytest.fixture
def reader(schemas: FakeSchemas) -> EventReader:
    return EventReader(schemas)
