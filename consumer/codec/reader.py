"""Reads status events. In two stages, because most events do nothing: `peek` decodes the few fields that decide, `read` the person.

Whatever a record holds, the answer is an event or `Unreadable`; only a registry that is away raises `Unavailable`, and then the same
record is asked for again later: an id that nobody can look up now is not an unknown one.
"""

import io
import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from fastavro import parse_schema, schemaless_reader  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException, UnknownType
from fastavro.types import Schema
from pydantic import ValidationError

from consumer.codec.letters import Headers, LetterReason, Unreadable
from consumer.codec.registry import Schemas, UnknownSchema
from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.codec.wire import SchemaRef, schema_of
from consumer.events import StudentStatusChanged

MAX_BYTES = 1024 * 1024

_DECIDING: Mapping[str, Any] = {"tenant_id": None, "status": {"id": None}}
"""The projection: nothing of the person, whose record is skipped over in C and not built."""

_GARBAGE = (EOFError, IndexError, KeyError, MemoryError, OverflowError, RecursionError, TypeError, ValueError)
"""What fastavro raises on bytes that are not what the schema says (`tests/codec/test_reader.py` throws thousands at it)."""


class Peek(NamedTuple):
    """The fields that decide, but for the student's own switch: that is looked at only where the status acts."""

    tenant_id: str
    status_id: str


_Decode = Callable[[io.BytesIO], Any]


class _Writer(NamedTuple):
    """How to read what one writer's schema wrote."""

    peek: _Decode
    read: _Decode


class _Ours(NamedTuple):
    """Our own schema: as it is written, and parsed, as a whole and without what does not decide."""

    document: Mapping[str, Any]
    whole: Schema
    projection: Schema


class EventReader:
    """Reads records of `student-status-changed`. Not for use by several threads at once."""

    def __init__(self, schemas: Schemas, *, max_bytes: int = MAX_BYTES) -> None:
        self._schemas = schemas
        self._max_bytes = max_bytes
        self._ours = _ours()
        self._writers: dict[SchemaRef, _Writer | Unreadable] = {}

    def peek(self, value: bytes | None, headers: Headers | None) -> Peek:
        """The fields that decide; walks the whole record, so that a torn one shows. Raises `Unreadable`, `Unavailable`.

        fastavro does not miss the very last bytes of what it skips: a record that lacks only those, and does nothing, passes as whole.
        """
        writer, body = self._open(value, headers)
        record = _decoded(writer.peek, body, overflow=LetterReason.UNDECODABLE)
        return Peek(record["tenant_id"], record["status"]["id"])

    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
        """The whole event, validated. Raises `Unreadable`, `Unavailable`."""
        writer, body = self._open(value, headers)
        # Impossible dates are well-formed Avro; fastavro makes datetimes of them and overflows.
        record = _decoded(writer.read, body, overflow=LetterReason.INVALID_CONTENT)
        try:
            return StudentStatusChanged.model_validate(record)
        except ValidationError as error:
            raise Unreadable(LetterReason.INVALID_CONTENT, _sentence(error)) from None

    def _open(self, value: bytes | None, headers: Headers | None) -> tuple[_Writer, io.BytesIO]:
        if value is None:
            raise Unreadable(LetterReason.NULL_VALUE, "The record has no value.")
        if len(value) > self._max_bytes:
            raise Unreadable(LetterReason.OVERSIZED, f"The value has {len(value)} bytes, over {self._max_bytes}.")
        ref, start = schema_of(value, headers)
        writer = self._writers.get(ref) or self._learn(ref)
        if isinstance(writer, Unreadable):
            raise Unreadable(writer.reason, writer.sentence)
        body = io.BytesIO(value)
        body.seek(start)
        return writer, body

    def _learn(self, ref: SchemaRef) -> _Writer | Unreadable:
        try:
            text = self._schemas.schema(ref)
        except UnknownSchema:
            # Not remembered: a schema may be registered after the first record that was written with it.
            return Unreadable(LetterReason.UNKNOWN_SCHEMA, f"The registry knows no Avro schema {ref}.")
        self._writers[ref] = writer = self._readers(ref, text)
        return writer

    def _readers(self, ref: SchemaRef, text: str) -> _Writer | Unreadable:
        ours = self._ours
        try:
            document = json.loads(text)
            written = ours.whole if document == ours.document else parse_schema(document)
        except (SchemaParseException, UnknownType, ValueError, TypeError, KeyError):
            return Unreadable(LetterReason.INCOMPATIBLE_SCHEMA, f"Schema {ref} is not one that Avro knows.")
        whole = None if written is ours.whole else ours.whole  # without a second schema fastavro is twice as fast
        return _Writer(_decoder(written, ours.projection), _decoder(written, whole))


@cache
def _ours() -> _Ours:
    """Parsed once in a process: every reader reads by the same."""
    document = schema(STATUS_CHANGED)
    return _Ours(document, parse_schema(document), parse_schema(_projected(document, _DECIDING)))


def _decoder(written: Schema, ours: Schema | None) -> _Decode:
    return partial(schemaless_reader, writer_schema=written, reader_schema=ours)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  bare IO in its stubs


def _projected(record: Mapping[str, Any], keep: Mapping[str, Any]) -> dict[str, Any]:
    """The record schema with only the fields named in `keep`, records inside it likewise."""
    fields = [
        {**field, "type": _projected(field["type"], inner)} if (inner := keep[field["name"]]) else field
        for field in record["fields"]
        if field["name"] in keep
    ]
    return {**record, "fields": fields}


def _decoded(decode: _Decode, body: io.BytesIO, *, overflow: LetterReason) -> Any:  # noqa: ANN401  fastavro's own name for a record
    try:
        record = decode(body)
    except SchemaResolutionError:
        raise Unreadable(
            LetterReason.INCOMPATIBLE_SCHEMA, "The writer's schema can't be read as a status event."
        ) from None
    except OverflowError:
        raise Unreadable(overflow, "A number or a date is beyond what can be held.") from None
    except _GARBAGE:
        raise Unreadable(LetterReason.UNDECODABLE, "The bytes are not what the schema says.") from None
    if body.read(1):
        raise Unreadable(LetterReason.UNDECODABLE, "Bytes are left over after the record.")
    return record


def _sentence(error: ValidationError) -> str:
    fields = sorted(
        {".".join(str(part) for part in found["loc"] if part != "[key]") for found in error.errors(include_input=False)}
    )
    return f"Not allowed: the content of {', '.join(fields)}."
