"""Dead letters: why a record is one, and the headers that say so.

The headers are those of Kafka Connect's dead-letter queue (`DeadLetterQueueReporter`), so that tools for the one read the other. Key,
value and headers of the record are kept as they were.
"""

from collections.abc import Sequence
from enum import StrEnum

Headers = Sequence[tuple[str, bytes | None]]
NewHeaders = list[tuple[str, str | bytes | None]]
"""Headers as they are read, and as the producer takes them."""

_CONNECT = "__connect.errors."
REASON_HEADER = "provisioner-reason"


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
    kept: NewHeaders = [
        (name, value) for name, value in original or () if not name.startswith(_CONNECT) and name != REASON_HEADER
    ]
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
