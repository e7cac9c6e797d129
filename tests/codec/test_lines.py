import json
from typing import Any

import pytest

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.codec.lines import LineReader
from consumer.codec.reader import MAX_BYTES, EventReader
from tests.codec.conftest import event, written

READER = LineReader("north-high")
AT = "2026-09-01T12:00:00Z"
MILLIS = 1_788_264_000_000


def line(**about: Any) -> bytes:
    return json.dumps(event(**{"occurred_at": AT, **about})).encode()


def reason(content: bytes) -> DeadLetterReason:
    with pytest.raises(Unreadable) as caught:
        READER.read(content)
    assert "Ελένη" not in caught.value.sentence
    return caught.value.reason


def test_a_line_says_what_the_same_record_says_in_avro(reader: EventReader) -> None:
    assert READER.read(line()) == reader.read(written(event()), None)


def test_the_time_may_be_given_in_milliseconds() -> None:
    assert READER.read(line(occurred_at=MILLIS)) == READER.read(line())


def test_avros_json_encoding_names_the_branches_of_unions() -> None:
    branches = {"preferred_language": {"string": "el"}, "contact_email": {"string": "e@home.example"}}
    encoded = line(previous_status={"string": "applied"}, occurred_at=MILLIS, student=branches)
    assert READER.read(encoded) == READER.read(line(previous_status="applied"))


def test_attributes_may_be_called_as_a_branch() -> None:
    found = READER.read(line(student={"attributes": {"string": "quartet"}}))
    assert found is not None
    assert found.student.attributes == {"string": "quartet"}


def test_another_tenants_event_is_left_out_whatever_else_it_says() -> None:
    assert READER.read(line(tenant_id="south-high", version="none")) is None


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", DeadLetterReason.UNDECODABLE),
        (b"\xff\xfe\x00", DeadLetterReason.UNDECODABLE),
        (b"[" * 100_000, DeadLetterReason.UNDECODABLE),
        (b"7", DeadLetterReason.UNDECODABLE),
        (b"null", DeadLetterReason.NULL_VALUE),
        (b"{}", DeadLetterReason.INVALID_CONTENT),
        (line(version=-1), DeadLetterReason.INVALID_CONTENT),
        (line(status="enrolled"), DeadLetterReason.INVALID_CONTENT),
        (line(status={"id": {"string": "x"}}), DeadLetterReason.INVALID_CONTENT),
        (line(tenant_id={"string": "north-high"}), DeadLetterReason.INVALID_CONTENT),
        (line(student={"given_name": "Ελένη" * 100}), DeadLetterReason.INVALID_CONTENT),
        (b" " * (MAX_BYTES + 1), DeadLetterReason.OVERSIZED),
    ],
    ids=range(12),
)
def test_what_is_no_event_is_a_dead_letter(content: bytes, expected: DeadLetterReason) -> None:
    assert reason(content) is expected
