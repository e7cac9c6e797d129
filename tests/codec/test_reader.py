"""Whatever a record holds, the answer is an event or a reason why it can't be one."""

import json
import random
from typing import Any

import pytest

from consumer.codec.letters import LetterReason, Unreadable
from consumer.codec.reader import EventReader, Peek
from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.codec.wire import SCHEMA_HEADER
from consumer.errors import Unavailable
from tests.codec.conftest import GUID, FakeSchemas, event, payload, written


def reason(reader: EventReader, value: bytes | None, headers: Any = None) -> LetterReason:
    with pytest.raises(Unreadable) as refused:
        reader.read(value, headers)
    return refused.value.reason


def test_the_deciding_fields_are_read_without_the_person(reader: EventReader) -> None:
    assert reader.peek(written(event()), None) == Peek("north-high", "enrolled")


def test_the_whole_event_is_read(reader: EventReader) -> None:
    read = reader.read(written(event()), None)
    assert (read.event_id, read.version, read.student.given_name) == ("e1", 3, "Ελένη")
    assert read.student.attributes == {"school": "north", "grade": "7"}


def test_the_schema_may_be_named_in_a_header_by_guid(reader: EventReader) -> None:
    headers = [(SCHEMA_HEADER, b"\x01" + GUID.bytes)]
    assert reader.peek(payload(event()), headers).status_id == "enrolled"


def test_the_schema_may_be_named_in_a_header_by_id(reader: EventReader) -> None:
    assert reader.peek(payload(event()), [(SCHEMA_HEADER, b"\x00\x00\x00\x00\x01")]).status_id == "enrolled"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, LetterReason.NULL_VALUE),
        (b"", LetterReason.WRONG_MAGIC),
        (b"{}", LetterReason.WRONG_MAGIC),
        (b"\x01\x00\x00\x00\x01rest", LetterReason.WRONG_MAGIC),
        (b"\x00\x00\x00", LetterReason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x01", LetterReason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x63" + payload(event()), LetterReason.UNKNOWN_SCHEMA),
        (written(event())[:-1], LetterReason.UNDECODABLE),
        (written(event()) + b"\x00", LetterReason.UNDECODABLE),
        (b"\x00\x00\x00\x00\x01" + b"\xff" * 40, LetterReason.UNDECODABLE),
    ],
)
def test_what_is_not_a_record_has_a_reason(reader: EventReader, value: bytes | None, expected: LetterReason) -> None:
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
    assert reason(reader, written(record)) is LetterReason.INVALID_CONTENT


def test_a_date_beyond_any_calendar_is_refused(reader: EventReader) -> None:
    plain = schema(STATUS_CHANGED)
    plain["fields"][1]["type"] = "long"
    assert reason(reader, written({**event(), "occurred_at": 2**60}, of=plain)) is LetterReason.INVALID_CONTENT


def test_a_refusal_names_the_field_and_never_its_content(reader: EventReader) -> None:
    with pytest.raises(Unreadable) as refused:
        reader.read(written(event(student={"family_name": "Rossi\r\nBcc"})), None)
    assert "student.family_name" in refused.value.sentence
    assert "Rossi" not in refused.value.sentence


@pytest.mark.parametrize("name", ["\u200fمحمد\u200f", "Zoë 🎓", "小明", "Ġużeppi", "O’Brien"])
def test_names_of_every_script_are_taken_as_they_are(reader: EventReader, name: str) -> None:
    assert reader.read(written(event(student={"given_name": name})), None).student.given_name == name


def test_a_record_over_the_limit_is_not_even_looked_into(schemas: FakeSchemas) -> None:
    assert reason(EventReader(schemas, max_bytes=100), b"\x00" * 101) is LetterReason.OVERSIZED


def test_a_registry_that_is_away_makes_nothing_a_dead_letter(schemas: FakeSchemas, reader: EventReader) -> None:
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
    assert reason(reader, value) is LetterReason.UNKNOWN_SCHEMA
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
    assert reader.peek(value, None).status_id == "enrolled"
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
    assert reason(reader, value) is LetterReason.INCOMPATIBLE_SCHEMA


def test_thousands_of_damaged_records_are_events_or_have_a_reason(reader: EventReader) -> None:
    dice, whole = random.Random(7), written(event())  # noqa: S311  repeatable
    readable = 0
    for _ in range(5_000):
        value = _damaged(whole, dice)
        for look in (reader.peek, reader.read):
            try:
                look(value, None)
            except Unreadable:
                continue
            readable += 1
    assert 0 < readable < 10_000


def _damaged(value: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(value)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(5, len(damaged)) if len(damaged) > 5 else 0
        match dice.randrange(4):
            case 0:
                damaged[at : at + 1] = dice.randbytes(1)
            case 1:
                del damaged[at:]
            case 2:
                damaged[at:at] = dice.randbytes(dice.randint(1, 12))
            case _:
                damaged[at : at + 5] = b"\xff" * 9 + b"\x01"
    return bytes(damaged)


def _text(of: dict[str, Any]) -> str:
    return json.dumps(of)
