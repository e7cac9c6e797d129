"""Records that must end among the dead letters, one of each kind that has been seen to break consumers."""

import random
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from consumer.codec.dead_letters import DeadLetterReason
from sandbox.simulators.encoding import Encoder, framed

Event = Mapping[str, Any]

UNKNOWN_TENANT = "no-such-institution"
UNLISTED_STATUS = "not-in-any-table"

_UNKNOWN_SCHEMA = 999_999_999
_BEYOND_ANY_CALENDAR = 2**62
_LETTERS = 5 * 1_024  # of two bytes each
_ENDLESS_NUMBER = b"\xff" * 11  # Avro's varints end within ten bytes


class Breakage(StrEnum):
    """What is wrong with a record."""

    NULL_VALUE = "null_value"
    WRONG_MAGIC = "wrong_magic"
    TOO_SHORT = "too_short"
    GARBAGE = "garbage"
    UNKNOWN_SCHEMA = "unknown_schema"
    IMPOSSIBLE_DATE = "impossible_date"
    UNKNOWN_TENANT = "unknown_tenant"
    UNLISTED_STATUS = "unlisted_status"
    LONG_NAME = "long_name"
    LINE_BREAK_IN_NAME = "line_break_in_name"
    LINE_BREAK_IN_ADDRESS = "line_break_in_address"
    REUSED_ID = "reused_id"


LETTER_REASONS: Mapping[Breakage, DeadLetterReason] = {
    Breakage.NULL_VALUE: DeadLetterReason.NULL_VALUE,
    Breakage.WRONG_MAGIC: DeadLetterReason.WRONG_MAGIC,
    Breakage.TOO_SHORT: DeadLetterReason.UNDECODABLE,
    Breakage.GARBAGE: DeadLetterReason.UNDECODABLE,
    Breakage.UNKNOWN_SCHEMA: DeadLetterReason.UNKNOWN_SCHEMA,
    Breakage.IMPOSSIBLE_DATE: DeadLetterReason.INVALID_CONTENT,
    Breakage.UNKNOWN_TENANT: DeadLetterReason.UNKNOWN_TENANT,
    Breakage.UNLISTED_STATUS: DeadLetterReason.UNLISTED_STATUS,
    Breakage.LONG_NAME: DeadLetterReason.INVALID_CONTENT,
    Breakage.LINE_BREAK_IN_NAME: DeadLetterReason.INVALID_CONTENT,
    Breakage.LINE_BREAK_IN_ADDRESS: DeadLetterReason.INVALID_CONTENT,
    Breakage.REUSED_ID: DeadLetterReason.REUSED_ID,
}
"""What each must be called among the dead letters."""


def broken(kind: Breakage, event: Event, encoder: Encoder, rng: random.Random) -> bytes | None:
    """The value of a record that is broken in this way; `event` is what it would have said.

    For REUSED_ID `event` must bear the id of an earlier event that acts, and differ from it.
    """
    if kind in _SENSELESS:
        return encoder.encode(_SENSELESS[kind](event))
    return _UNREADABLE[kind](event, encoder, rng)


def _about_student(event: Event, **change: str) -> Event:
    return {**event, "student": {**event["student"], **change}}


_SENSELESS: Mapping[Breakage, Callable[[Event], Event]] = {
    Breakage.UNKNOWN_TENANT: lambda event: {**event, "tenant_id": UNKNOWN_TENANT},
    Breakage.UNLISTED_STATUS: lambda event: {**event, "status": {**event["status"], "id": UNLISTED_STATUS}},
    Breakage.LONG_NAME: lambda event: _about_student(event, given_name="Ż" * _LETTERS),
    Breakage.LINE_BREAK_IN_NAME: lambda event: _about_student(event, family_name="Borġ\r\nBcc: all@post.example"),
    Breakage.LINE_BREAK_IN_ADDRESS: lambda event: _about_student(
        event, contact_email="a@post.example\r\nTo: b@post.example"
    ),
    Breakage.REUSED_ID: lambda event: event,
}
_UNREADABLE: Mapping[Breakage, Callable[[Event, Encoder, random.Random], bytes | None]] = {
    Breakage.NULL_VALUE: lambda _event, _encoder, _rng: None,
    Breakage.WRONG_MAGIC: lambda event, encoder, _rng: b"\x01" + encoder.encode(event)[1:],
    Breakage.TOO_SHORT: lambda event, encoder, _rng: encoder.encode(event)[:4],
    Breakage.GARBAGE: lambda _event, encoder, rng: framed(encoder.schema_id, _ENDLESS_NUMBER + rng.randbytes(200)),
    Breakage.UNKNOWN_SCHEMA: lambda event, encoder, _rng: framed(_UNKNOWN_SCHEMA, encoder.encode(event)[5:]),
    Breakage.IMPOSSIBLE_DATE: lambda event, encoder, _rng: encoder.encode_undated(event, _BEYOND_ANY_CALENDAR),
}
