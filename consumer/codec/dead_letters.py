"""Dead letters: why a record is one, and the headers that say so.

The headers are those of Kafka Connect's dead-letter queue (`DeadLetterQueueReporter`), so that tools for the one read the other. Key,
value and headers of the record are kept as they were.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

Headers = Sequence[tuple[str, bytes | None]]
NewHeaders = list[tuple[str, str | bytes | None]]
"""Headers as they are read, and as the producer takes them."""

_CONNECT = "__connect.errors."
REASON_HEADER = "provisioner-reason"
OMITTED_HEADER = "provisioner-value-omitted"
"""Size and digest of a value that the cluster refused as too large."""
REPLAYED_HEADER = "provisioner-replayed-letter"
"""On a record that was sent in again by `provisioner dead-letters replay`: partition and offset of the dead letter, as `0/1042`."""

_DIGITS = 18
_OMITTED = re.compile(r"(\d{1,18}) bytes, sha-256 ([0-9a-f]{64})")


class DeadLetterReason(StrEnum):
    """Why a record is a dead letter; a closed set."""

    NULL_VALUE = "null_value"  # a tombstone, which this topic does not have
    WRONG_MAGIC = "wrong_magic"  # not in Confluent's wire format
    OVERSIZED = "oversized"
    UNKNOWN_SCHEMA = "unknown_schema"  # the registry knows no such id
    INCOMPATIBLE_SCHEMA = "incompatible_schema"  # what was written cannot be read as what we read
    UNDECODABLE = "undecodable"  # the bytes are not what the schema says
    INVALID_CONTENT = "invalid_content"  # decodes, and makes no sense
    UNKNOWN_TENANT = "unknown_tenant"
    UNLISTED_STATUS = "unlisted_status"
    TENANT_UNUSABLE = "tenant_unusable"  # the tenant's file cannot be read
    REUSED_ID = "reused_id"  # this event_id was used for other content


class Unreadable(Exception):
    """This record can never be read. The sentence names fields, never their values."""

    def __init__(self, reason: DeadLetterReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


def dead_letter_headers(
    original: Headers | None, *, topic: str, partition: int, offset: int, reason: DeadLetterReason, sentence: str
) -> NewHeaders:
    """The original headers, then Connect's, then the reason. A letter that is sent in again sheds its old ones first."""
    kept = _without(original, REASON_HEADER)
    fields = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "connector.name": "provisioner",
        "task.id": "0",
        "stage": "VALUE_CONVERTER",
        "class.name": "consumer.codec.reader.EventReader",
        "exception.class.name": f"provisioner.{reason}",
        "exception.message": sentence,
    }
    return [
        *kept,
        *((_CONNECT + name, value.encode()) for name, value in fields.items()),
        (REASON_HEADER, reason.encode()),
    ]


@dataclass(frozen=True, slots=True)
class Marks:
    """What a dead letter's headers say of it, as far as they are there and well formed. Anyone who may write to the topic may forge them.

    `topic`, `partition` and `offset` are the original record's; `reason` may be a newer version's. `omitted`: size and SHA-256 of a value
    that was not kept. `replayed`: the dead letter from which the original record was sent in again, as `0/1042`.
    """

    reason: str | None = None
    sentence: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    omitted: tuple[int, str] | None = None
    replayed: str | None = None


def marks_of(headers: Headers | None) -> Marks:
    """What the headers say. Of several with one name, the last counts: ours come after the record's own."""
    known = {name: value.decode(errors="replace") for name, value in headers or () if value is not None}
    omitted = _OMITTED.fullmatch(known.get(OMITTED_HEADER, ""))
    return Marks(
        reason=known.get(REASON_HEADER),
        sentence=known.get(f"{_CONNECT}exception.message"),
        topic=known.get(f"{_CONNECT}topic"),
        partition=_number(known.get(f"{_CONNECT}partition")),
        offset=_number(known.get(f"{_CONNECT}offset")),
        omitted=(int(omitted[1]), omitted[2]) if omitted else None,
        replayed=known.get(REPLAYED_HEADER),
    )


def original_headers(letter: Headers | None) -> NewHeaders:
    """The record's own headers, as they were before it became a dead letter. That of an earlier replay is left out."""
    return _without(letter, REASON_HEADER, OMITTED_HEADER, REPLAYED_HEADER)


def _without(headers: Headers | None, *names: str) -> NewHeaders:
    return [(name, value) for name, value in headers or () if not name.startswith(_CONNECT) and name not in names]


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) <= _DIGITS and text.isascii() and text.isdecimal() else None
