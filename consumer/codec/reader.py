"""Reads status events. In two stages, because most events do nothing: `peek` decodes the few fields that decide, `read` the person.

Whatever a record holds, the result is an event or `Unreadable`. Only a registry that gives no answer raises `Unavailable`; the same record
is then read again later, since an id that cannot be looked up now need not be an unknown one.

What the Avro specification's schema resolution can read is read. What of a writer's schema matters to that is its `Layout`; its logical
types do not, but for one: the specification does not say what a `timestamp-micros` means to a reader of `timestamp-millis`. `occurred_at`
is taken in the writer's unit, as any other would be wrong by a factor of a thousand.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from operator import itemgetter
from typing import Any, NamedTuple, cast

from fastavro import parse_schema, schemaless_reader  # pyright: ignore[reportUnknownVariableType]  bare IO in its stubs
from fastavro.read import SchemaResolutionError
from fastavro.schema import SchemaParseException, UnknownType
from fastavro.types import Schema
from pydantic import ValidationError

from consumer.codec.dead_letters import DeadLetterReason, Headers, Unreadable
from consumer.codec.layout import Layout, layout_of
from consumer.codec.port import Schemas, UnknownSchema, UnreadableSchema, WriterSchema
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.codec.wire import SchemaRef, schema_of
from consumer.events import StudentStatusChanged

MAX_BYTES = 1024 * 1024

_DECIDING: Mapping[str, Any] = {"tenant_id": None, "status": {"id": None}}
"""The projection: nothing of the person, whose record is skipped over in C and not built."""

_FLAT_DECIDING = ("tenant_id", "status__id")
"""The same of `_flat`."""

_KEPT_WRITERS = 100
"""Writers' schemas that are kept parsed. A topic has a few; the bound is for ids that were forged."""

_OCCURRED_AT = "occurred_at"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLIS = 1_000
_TICKS: Mapping[str, int] = {
    "timestamp-millis": _MILLIS,
    "timestamp-micros": 1_000_000,
    "timestamp-nanos": 1_000_000_000,
    "local-timestamp-millis": _MILLIS,
    "local-timestamp-micros": 1_000_000,
    "local-timestamp-nanos": 1_000_000_000,
}
"""A second, by the logical type that `occurred_at` was written with. Local ones are taken as UTC, as the reader's own type says."""


Peek = tuple[str, str]
"""The fields that decide: the ids of the tenant and of the status. Those of the student are looked at only where the status acts or
depends on them. A plain tuple: one is made of every event.
"""

_Decode = Callable[[io.BytesIO], Any]


class _Writer(NamedTuple):
    """How to read what one writer's schema wrote. `ticks` are those of `occurred_at` in a second; None: it comes as a datetime.

    `deciding` takes the fields that decide out of what `peek` decodes. `body` is what its bytes are read from.
    """

    peek: _Decode
    deciding: Callable[[Any], Peek]
    read: _Decode
    ticks: int | None
    body: type[io.BytesIO] = io.BytesIO


class _WithEnd(io.BytesIO):
    """Raises where the record has ended, which fastavro does not notice in what it skips: see `Layout.unbounded`. Slower."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if size is not None and len(found) < size:
            raise EOFError
        return found


class _Ours(NamedTuple):
    """Our own schema: its layout, and parsed, as a whole and without what does not decide; both as `_flat` makes them too."""

    layout: Layout
    whole: Schema
    projection: Schema
    flat_whole: Schema
    flat_projection: Schema


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
        record = _decoded(writer.peek, body, overflow=DeadLetterReason.UNDECODABLE)
        return writer.deciding(record)

    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged:
        """The whole event, validated. Raises `Unreadable`, `Unavailable`."""
        writer, body = self._open(value, headers)
        # Impossible dates are well-formed Avro; fastavro makes datetimes of them and overflows.
        record = _decoded(writer.read, body, overflow=DeadLetterReason.INVALID_CONTENT)
        if writer.ticks is not None:
            record[_OCCURRED_AT] = _instant(record[_OCCURRED_AT], writer.ticks)
        return validated(record)

    def _open(self, value: bytes | None, headers: Headers | None) -> tuple[_Writer, io.BytesIO]:
        if value is None:
            raise Unreadable(DeadLetterReason.NULL_VALUE, "The record has no value.")
        if len(value) > self._max_bytes:
            raise Unreadable(DeadLetterReason.OVERSIZED, f"The value has {len(value)} bytes, over {self._max_bytes}.")
        ref, start = schema_of(value, headers)
        writer = self._writers.get(ref) or self._learn(ref)
        if isinstance(writer, Unreadable):
            raise Unreadable(writer.reason, writer.sentence)
        body = writer.body(value)
        body.seek(start)
        return writer, body

    def _learn(self, ref: SchemaRef) -> _Writer | Unreadable:
        try:
            writer = self._writer(layout_of(self._schemas.schema(ref)))
        except UnknownSchema:
            # Not remembered: a schema may be registered after the first record that was written with it.
            return Unreadable(DeadLetterReason.UNKNOWN_SCHEMA, f"The registry has no schema {ref}.")
        except UnreadableSchema as error:
            writer = Unreadable(DeadLetterReason.INCOMPATIBLE_SCHEMA, f"Schema {ref} cannot be read by: {error}.")
        except (SchemaParseException, UnknownType):
            writer = Unreadable(DeadLetterReason.INCOMPATIBLE_SCHEMA, f"Schema {ref} is not valid Avro.")
        if len(self._writers) >= _KEPT_WRITERS:
            del self._writers[next(iter(self._writers))]
        self._writers[ref] = writer
        return writer

    def _writer(self, layout: Layout) -> _Writer:
        ours = self._ours
        ticks = _TICKS.get(layout.logical_types.get(_OCCURRED_AT, ""), _MILLIS)
        if layout.schema == ours.layout.schema and ticks == _MILLIS:
            # Without a second schema fastavro is twice as fast.
            peek = _decoder(ours.flat_whole, ours.flat_projection)
            return _Writer(peek, itemgetter(*_FLAT_DECIDING), _decoder(ours.whole, None), None)
        written = parse_schema(layout.schema)
        body = _WithEnd if layout.unbounded else io.BytesIO
        return _Writer(_decoder(written, ours.projection), _deciding, _decoder(written, ours.whole), ticks, body)


def validated(record: object) -> StudentStatusChanged:
    """The event that a decoded record is. Raises `Unreadable`."""
    try:
        return StudentStatusChanged.model_validate(record)
    except ValidationError as error:
        raise Unreadable(DeadLetterReason.INVALID_CONTENT, _sentence(error)) from None


@cache
def _ours() -> _Ours:
    """Parsed once in a process: every reader reads by the same."""
    document = schema(STATUS_CHANGED)
    layout = layout_of(WriterSchema(schema_text(STATUS_CHANGED)))
    flat = _flat(layout.schema)
    return _Ours(
        layout,
        parse_schema(document),
        parse_schema(_projected(document, _DECIDING)),
        parse_schema(flat),
        parse_schema(_projected(flat, dict.fromkeys(_FLAT_DECIDING))),
    )


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


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The layout with the fields of inner records in their place, which has the same bytes.

    Fastavro resolves one record faster than one in another.
    """
    return {**record, "fields": list(_flat_fields(record, ""))}


def _flat_fields(record: Mapping[str, Any], before: str) -> Iterator[Mapping[str, Any]]:
    for field in record["fields"]:
        name, inner = f"{before}{field['name']}", field["type"]
        if isinstance(inner, Mapping) and inner["type"] == "record":
            yield from _flat_fields(cast("Mapping[str, Any]", inner), f"{name}__")
        else:
            yield {**field, "name": name}


def _deciding(record: Any) -> Peek:  # noqa: ANN401  fastavro's own name for a record
    return record["tenant_id"], record["status"]["id"]


def _decoded(decode: _Decode, body: io.BytesIO, *, overflow: DeadLetterReason) -> Any:  # noqa: ANN401  fastavro's own name for a record
    try:
        record = decode(body)
    except SchemaResolutionError:
        raise Unreadable(
            DeadLetterReason.INCOMPATIBLE_SCHEMA, "The writer's schema can't be read as a status event."
        ) from None
    except OverflowError:
        raise Unreadable(overflow, "A number or a date is out of range.") from None
    except Exception:  # noqa: BLE001  what fastavro raises on bytes that are no record is not described, and must not end the process
        raise Unreadable(DeadLetterReason.UNDECODABLE, "The bytes do not match the schema.") from None
    if io.BytesIO.read(body, 1):
        raise Unreadable(DeadLetterReason.UNDECODABLE, "There are extra bytes after the record.")
    return record


def _instant(ticks: int, per_second: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=ticks * 1_000_000 // per_second)
    except OverflowError:
        raise Unreadable(DeadLetterReason.INVALID_CONTENT, "A date is out of range.") from None


def _sentence(error: ValidationError) -> str:
    """Names no deeper than the fields: what is below them, such as the keys of a map, is content."""
    fields = sorted({".".join(str(part) for part in found["loc"][:2]) for found in error.errors(include_input=False)})
    return f"Not allowed: the content of {', '.join(fields)}."
