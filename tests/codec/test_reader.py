"""Whatever a record holds, the answer is an event or a reason why it can't be one."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.codec.reader import EventReader
from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.codec.wire import SCHEMA_HEADER, framed
from consumer.errors import Unavailable
from tests.codec.conftest import GUID, OURS, FakeSchemas, event, payload, written

NOON = 1_788_264_000_000
"""The event's time in milliseconds."""


def reason(reader: EventReader, value: bytes | None, headers: Any = None) -> DeadLetterReason:
    with pytest.raises(Unreadable) as refused:
        reader.read(value, headers)
    return refused.value.reason


def test_the_deciding_fields_are_read_without_the_person(reader: EventReader) -> None:
    assert reader.peek(written(event()), None) == ("north-high", "enrolled")


def test_the_whole_event_is_read(reader: EventReader) -> None:
    read = reader.read(written(event()), None)
    assert (read.event_id, read.version, read.student.given_name) == ("e1", 3, "Ελένη")
    assert read.student.attributes == {"school": "north", "grade": "7"}


def test_the_schema_may_be_named_in_a_header_by_guid(reader: EventReader) -> None:
    headers = [(SCHEMA_HEADER, b"\x01" + GUID.bytes)]
    assert reader.peek(payload(event()), headers)[1] == "enrolled"


def test_the_schema_may_be_named_in_a_header_by_id(reader: EventReader) -> None:
    assert reader.peek(payload(event()), [(SCHEMA_HEADER, b"\x00\x00\x00\x00\x01")])[1] == "enrolled"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, DeadLetterReason.NULL_VALUE),
        (b"", DeadLetterReason.WRONG_MAGIC),
        (b"{}", DeadLetterReason.WRONG_MAGIC),
        (b"\x01\x00\x00\x00\x01rest", DeadLetterReason.WRONG_MAGIC),
        (b"\x00\x00\x00", DeadLetterReason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x01", DeadLetterReason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x63" + payload(event()), DeadLetterReason.UNKNOWN_SCHEMA),
        (written(event())[:-1], DeadLetterReason.UNDECODABLE),
        (written(event()) + b"\x00", DeadLetterReason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x01" + b"\xff" * 40, DeadLetterReason.UNDECODABLE),
    ],
)
def test_what_is_not_a_record_has_a_reason(
    reader: EventReader, value: bytes | None, expected: DeadLetterReason
) -> None:
    assert reason(reader, value) is expected


@pytest.mark.parametrize("value", [None, b"{}", written(event())[:-9], written(event()) + b"\x00"])
def test_the_first_look_finds_a_torn_record_too(reader: EventReader, value: bytes | None) -> None:
    with pytest.raises(Unreadable):
        reader.peek(value, None)


@pytest.mark.parametrize(
    "record",
    [
        event(tenant_id=""),
        event(version=-1),
        event(student={"student_id": ""}),
        event(student={"given_name": "x" * 257}),
        event(student={"family_name": "Rossi\r\nBcc: all@x.example"}),
        event(student={"contact_email": "a@x.example\nTo: b@x.example"}),
        event(student={"attributes": {"grade\x00": "7"}}),
    ],
)
def test_content_without_sense_is_refused(reader: EventReader, record: dict[str, Any]) -> None:
    assert reason(reader, written(record)) is DeadLetterReason.INVALID_CONTENT


def test_a_date_beyond_any_calendar_is_refused(reader: EventReader) -> None:
    plain = schema(STATUS_CHANGED)
    plain["fields"][1]["type"] = "long"
    assert reason(reader, written({**event(), "occurred_at": 2**60}, of=plain)) is DeadLetterReason.INVALID_CONTENT


def test_a_refusal_names_the_field_and_never_its_content(reader: EventReader) -> None:
    with pytest.raises(Unreadable) as refused:
        reader.read(written(event(student={"family_name": "Rossi\r\nBcc"})), None)
    assert "student.family_name" in refused.value.sentence
    assert "Rossi" not in refused.value.sentence


@pytest.mark.parametrize("name", ["\u200fمحمد\u200f", "Zoë 🎓", "小明", "Ġużeppi", "O’Brien"])
def test_names_of_every_script_are_taken_as_they_are(reader: EventReader, name: str) -> None:
    assert reader.read(written(event(student={"given_name": name})), None).student.given_name == name


def test_a_record_over_the_limit_is_not_even_looked_into(schemas: FakeSchemas) -> None:
    assert reason(EventReader(schemas, max_bytes=100), b"\x00" * 101) is DeadLetterReason.OVERSIZED


def test_a_registry_that_is_unavailable_makes_nothing_a_dead_letter(schemas: FakeSchemas, reader: EventReader) -> None:
    schemas.away = True
    with pytest.raises(Unavailable):
        reader.peek(written(event()), None)
    schemas.away = False
    reader.peek(written(event()), None)


def test_a_schema_that_is_known_needs_no_registry(schemas: FakeSchemas, reader: EventReader) -> None:
    reader.peek(written(event()), None)
    schemas.away = True
    reader.peek(written(event()), None)


def test_a_schema_that_was_registered_late_is_found(schemas: FakeSchemas, reader: EventReader) -> None:
    value = written(event(), schema_id=9)
    assert reason(reader, value) is DeadLetterReason.UNKNOWN_SCHEMA
    schemas.known[9] = schemas.known[1]
    reader.read(value, None)


def test_an_older_writer_that_lacks_optional_fields_is_read(schemas: FakeSchemas, reader: EventReader) -> None:
    older = schema(STATUS_CHANGED)
    older["fields"] = [field for field in older["fields"] if field["name"] != "previous_status"]
    student = older["fields"][-1]["type"]
    student["fields"] = [f for f in student["fields"] if f["name"] not in {"attributes", "external_sync_disabled"}]
    schemas.known[2] = _text(older)
    read = reader.read(written(event(), schema_id=2, of=older), None)
    assert (read.previous_status, read.student.attributes) == (None, {})


def test_a_newer_writer_that_knows_more_is_read(schemas: FakeSchemas, reader: EventReader) -> None:
    newer = schema(STATUS_CHANGED)
    newer["fields"].insert(2, {"name": "campus", "type": {"type": "map", "values": "long"}, "default": {}})
    schemas.known[3] = _text(newer)
    value = written({**event(), "campus": {"a": 1}}, schema_id=3, of=newer)
    assert reader.peek(value, None)[1] == "enrolled"
    assert reader.read(value, None).student.student_id == "S1"


@pytest.mark.parametrize("change", [{"name": "version", "type": "string"}, None])
def test_a_writer_that_cant_be_reconciled_is_incompatible(
    schemas: FakeSchemas, reader: EventReader, change: dict[str, Any] | None
) -> None:
    other = schema(STATUS_CHANGED)
    other["fields"] = [
        change if f["name"] == "version" else f for f in other["fields"] if change or f["name"] != "version"
    ]
    schemas.known[4] = _text(other)
    value = written({**event(), "version": "3"}, schema_id=4, of=other)
    assert reason(reader, value) is DeadLetterReason.INCOMPATIBLE_SCHEMA


def test_a_writer_that_refers_to_other_schemas_is_read(schemas: FakeSchemas, reader: EventReader) -> None:
    referring = schema(STATUS_CHANGED)
    status = {**field(referring, "status")["type"], "namespace": "sis.students.v1"}
    field(referring, "status")["type"] = "sis.students.v1.Status"
    schemas.known[2], schemas.references[2] = _text(referring), (_text(status),)
    assert reader.read(written(event(), schema_id=2), None) == reader.read(written(event()), None)
    assert reader.peek(written(event(), schema_id=2), None) == ("north-high", "enrolled")


def test_a_reference_that_is_not_given_makes_a_schema_incompatible(schemas: FakeSchemas, reader: EventReader) -> None:
    referring = schema(STATUS_CHANGED)
    field(referring, "status")["type"] = "sis.students.v1.Status"
    schemas.known[2] = _text(referring)
    assert reason(reader, written(event(), schema_id=2)) is DeadLetterReason.INCOMPATIBLE_SCHEMA


@pytest.mark.parametrize(
    ("name", "logical"),
    [
        ("event_id", {"type": "string", "logicalType": "uuid"}),
        ("event_id", {"type": "string", "avro.java.string": "String"}),
        ("tenant_id", {"type": "string", "logicalType": "unheard-of"}),
        ("version", {"type": "long", "logicalType": "timestamp-millis"}),
        ("version", {"type": "long", "logicalType": "time-micros"}),
        ("version", {"type": "int", "logicalType": "date"}),
        ("version", {"type": "int", "logicalType": "time-millis"}),
    ],
)
def test_a_writers_logical_type_does_not_matter(
    schemas: FakeSchemas, reader: EventReader, name: str, logical: dict[str, Any]
) -> None:
    changed = schema(STATUS_CHANGED)
    field(changed, name)["type"] = logical
    schemas.known[2] = _text(changed)
    value = written(event(event_id=str(GUID), occurred_at=NOON), schema_id=2, of=_physical(changed))
    assert reader.read(value, None) == reader.read(written(event(event_id=str(GUID))), None)


@pytest.mark.parametrize(
    ("extra", "value"),
    [
        ({"type": "string", "default": None}, "x"),
        ({"type": {"type": "array", "items": "int"}, "default": None}, [1]),
        ({"type": "int", "default": "0"}, 1),
        ({"type": "boolean", "default": "false"}, True),
        ({"type": {"type": "enum", "name": "E", "symbols": ["a"], "default": 7}, "default": 3}, "a"),
        ({"type": ["null", "string"], "default": {}}, "x"),
        ({"type": "string", "aliases": 7, "doc": [], "order": None}, "x"),
        ({"type": {"type": "bytes", "logicalType": "decimal"}}, b"x"),
        ({"type": {"type": "bytes", "logicalType": "decimal", "precision": "x", "scale": -2}}, b"x"),
        ({"type": {"type": "fixed", "name": "F", "size": 12, "logicalType": "duration"}}, b"x" * 12),
        ({"type": {"type": "fixed", "name": "F", "size": 2, "logicalType": "decimal", "precision": 99}}, b"xx"),
        ({"type": {"type": "long", "logicalType": "local-timestamp-micros"}}, 2**62),
        ({"type": {"type": "map", "values": ["null", "double"]}}, {"a": 1.5, "b": None}),
        ({"type": {"type": "error", "name": "X", "fields": []}}, {}),
    ],
)
def test_a_field_that_is_not_ours_does_not_matter(
    schemas: FakeSchemas, reader: EventReader, extra: dict[str, Any], value: Any
) -> None:
    changed = schema(STATUS_CHANGED)
    changed["fields"].insert(2, {"name": "extra", **extra})
    schemas.known[2] = _text(changed)
    record = written({**event(occurred_at=NOON), "extra": value}, schema_id=2, of=_physical(changed))
    assert reader.read(record, None) == reader.read(written(event()), None)
    assert reader.peek(record, None) == ("north-high", "enrolled")


@pytest.mark.parametrize(
    ("logical", "ticks"),
    [
        ({"type": "long"}, NOON + 123),
        ({"type": "long", "logicalType": "timestamp-millis"}, NOON + 123),
        ({"type": "long", "logicalType": "local-timestamp-millis"}, NOON + 123),
        ({"type": "long", "logicalType": "timestamp-micros"}, (NOON + 123) * 1_000),
        ({"type": "long", "logicalType": "local-timestamp-micros"}, (NOON + 123) * 1_000),
        ({"type": "long", "logicalType": "timestamp-nanos"}, (NOON + 123) * 1_000_000),
        (["null", {"type": "long", "logicalType": "timestamp-micros"}], (NOON + 123) * 1_000),
        ({"type": "long", "logicalType": "unheard-of"}, NOON + 123),
    ],
)
def test_the_time_is_taken_in_the_writers_unit(
    schemas: FakeSchemas, reader: EventReader, logical: Any, ticks: int
) -> None:
    changed = schema(STATUS_CHANGED)
    field(changed, "occurred_at")["type"] = logical
    schemas.known[2] = _text(changed)
    value = written({**event(), "occurred_at": ticks}, schema_id=2, of=_physical(changed))
    assert reader.read(value, None).occurred_at == datetime(2026, 9, 1, 12, 0, 0, 123_000, tzinfo=UTC)


def test_a_time_near_the_epoch_is_not_taken_for_seconds(schemas: FakeSchemas, reader: EventReader) -> None:
    changed = schema(STATUS_CHANGED)
    field(changed, "occurred_at")["type"] = "int"
    schemas.known[2] = _text(changed)
    value = written({**event(), "occurred_at": 1_500}, schema_id=2, of=changed)
    assert reader.read(value, None).occurred_at == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


def test_what_resolution_promotes_is_read(schemas: FakeSchemas, reader: EventReader) -> None:
    changed = schema(STATUS_CHANGED)
    field(changed, "tenant_id")["type"] = "bytes"
    field(changed, "version")["type"] = "int"
    field(changed, "previous_status")["type"] = ["bytes", "null"]
    field(changed, "status")["type"] = ["null", field(changed, "status")["type"]]
    changed["fields"].reverse()
    schemas.known[2] = _text([changed, "string"])
    record = {**event(), "tenant_id": b"north-high", "previous_status": b"new"}
    value = framed(2, b"\x00" + payload(record, changed))
    assert reader.read(value, None) == reader.read(written(event(previous_status="new")), None)


@pytest.mark.parametrize("namespace", ["", "elsewhere"])
def test_records_are_matched_by_their_unqualified_names(
    schemas: FakeSchemas, reader: EventReader, namespace: str
) -> None:
    schemas.known[2] = _text({**schema(STATUS_CHANGED), "namespace": namespace})
    assert reader.read(written(event(), schema_id=2), None).event_id == "e1"


def test_a_type_that_the_writer_uses_twice_is_read_twice(schemas: FakeSchemas, reader: EventReader) -> None:
    changed = schema(STATUS_CHANGED)
    changed["fields"].insert(0, {"name": "before", "type": field(changed, "status")["type"]})
    field(changed, "status")["type"] = "Status"
    schemas.known[2] = _text(changed)
    value = written({**event(), "before": event()["status"]}, schema_id=2, of=changed)
    assert reader.read(value, None).status.id == reader.peek(value, None)[1] == "enrolled"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("tenant_id", {"type": "enum", "name": "Tenant", "symbols": ["a"]}),
        ("version", "double"),
        ("status", "string"),
        ("event_id", {"type": "fixed", "name": "Id", "size": 1}),
    ],
)
def test_what_resolution_cannot_read_is_incompatible(
    schemas: FakeSchemas, reader: EventReader, name: str, other: Any
) -> None:
    changed = schema(STATUS_CHANGED)
    field(changed, name)["type"] = other
    schemas.known[2] = _text(changed)
    assert reason(reader, framed(2, bytes(60))) is DeadLetterReason.INCOMPATIBLE_SCHEMA


def test_a_record_may_be_nested_but_not_without_end(schemas: FakeSchemas, reader: EventReader) -> None:
    changed = schema(STATUS_CHANGED)
    link = {"type": "record", "name": "Link", "fields": [{"name": "next", "type": ["null", "Link"]}]}
    changed["fields"].insert(0, {"name": "chain", "type": link})
    schemas.known[2] = _text(changed)
    for look in (reader.peek, reader.read):
        look(framed(2, b"\x02" * 50 + b"\x00" + payload(event())), None)
        for depth in (100, 10_000, 1_000_000):
            with pytest.raises(Unreadable) as refused:
                look(framed(2, b"\x02" * depth + b"\x00" + payload(event())), None)
            assert refused.value.reason is DeadLetterReason.UNDECODABLE


def test_items_without_bytes_are_not_counted_to_the_end(schemas: FakeSchemas, reader: EventReader) -> None:
    changed = schema(STATUS_CHANGED)
    changed["fields"].insert(0, {"name": "nothing", "type": {"type": "array", "items": "null"}})
    schemas.known[2] = _text(changed)
    assert reason(reader, framed(2, b"\xfe" + b"\xff" * 8 + b"\x01\x00")) is DeadLetterReason.INCOMPATIBLE_SCHEMA


@pytest.mark.parametrize(
    "items",
    [
        "double",
        "boolean",
        {"type": "fixed", "name": "Checksum", "size": 8},
        {"type": "record", "name": "Point", "fields": [{"name": "x", "type": "float"}]},
    ],
)
def test_items_that_are_passed_over_are_not_counted_beyond_the_end(
    schemas: FakeSchemas, reader: EventReader, items: Any
) -> None:
    changed = schema(STATUS_CHANGED)
    changed["fields"].insert(0, {"name": "extra", "type": {"type": "array", "items": items}})
    schemas.known[2] = _text(changed)
    for look in (reader.peek, reader.read):
        look(framed(2, zigzag(0) + payload(event())), None)
        with pytest.raises(Unreadable) as refused:
            look(framed(2, zigzag(2**60) + payload(event())), None)
        assert refused.value.reason is DeadLetterReason.UNDECODABLE


@pytest.mark.parametrize("count", [2**31, 2**60, 2**63 - 1, -1, -(2**63)])
def test_a_forged_length_allocates_nothing(reader: EventReader, count: int) -> None:
    whole = payload(event())
    for at in range(len(whole)):
        value = framed(OURS, whole[:at] + zigzag(count) + whole[at + 1 :])
        for look in (reader.peek, reader.read):
            with suppress(Unreadable):
                look(value, None)


def test_only_the_newest_writers_are_kept(schemas: FakeSchemas, reader: EventReader) -> None:
    for ident in range(2, 200):
        schemas.known[ident] = schemas.known[OURS]
        reader.peek(written(event(), schema_id=ident), None)
    schemas.away = True
    reader.peek(written(event(), schema_id=199), None)
    with pytest.raises(Unavailable):
        reader.peek(written(event(), schema_id=2), None)


def test_a_refusal_names_no_key_of_a_map(reader: EventReader) -> None:
    with pytest.raises(Unreadable) as refused:
        reader.read(written(event(student={"attributes": {"Rossi\r\n": "x" * 300}})), None)
    assert refused.value.sentence == "Not allowed: the content of student.attributes."


def field(of: dict[str, Any], name: str) -> dict[str, Any]:
    """A field of the record, to be changed."""
    return next(found for found in of["fields"] if found["name"] == name)


def zigzag(number: int) -> bytes:
    """An Avro long."""
    left, encoded = (number << 1) ^ (number >> 63), bytearray()
    while left > 0x7F:
        encoded.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes(encoded) + bytes([left])


def _physical(of: Any) -> Any:
    """The schema without what fastavro's own writer might stumble over."""
    if isinstance(of, list):
        return [_physical(inner) for inner in cast("list[Any]", of)]
    if not isinstance(of, dict):
        return of
    dropped = {"logicalType", "precision", "scale", "default", "aliases", "doc", "order"}
    kept = {key: inner for key, inner in cast("dict[str, Any]", of).items() if key not in dropped}
    return {key: _physical(inner) for key, inner in kept.items()}


def _text(of: Any) -> str:
    return json.dumps(of)
