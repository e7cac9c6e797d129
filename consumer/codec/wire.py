"""Confluent's wire format: which schema a record was written with, and where its bytes begin.

Prefix form: a zero byte, the schema's id in four bytes, the record. Header form (Confluent clients of 2025 and newer): the header
`__value_schema_id` holds a one byte and the schema's GUID in sixteen (or the prefix form's five bytes); the value is the record alone.
"""

import struct
from uuid import UUID

from consumer.codec.dead_letters import DeadLetterReason, Headers, Unreadable

SCHEMA_HEADER = "__value_schema_id"
PREFIX = struct.Struct(">bI")

_ID_MAGIC = 0
_GUID_MAGIC = 1
_GUID_BYTES = 17

SchemaRef = int | UUID
"""What names a schema in a registry: its id, or its GUID."""


def schema_of(value: bytes, headers: Headers | None) -> tuple[SchemaRef, int]:
    """The writer's schema and the offset at which the record begins. Raises `Unreadable`."""
    if headers:
        for name, content in headers:
            if name == SCHEMA_HEADER and content is not None:
                return _in_header(content), 0
    if len(value) < PREFIX.size:
        reason = DeadLetterReason.UNDECODABLE if value[:1] == b"\x00" else DeadLetterReason.WRONG_MAGIC
        raise Unreadable(reason, "The value is shorter than the five bytes that name its schema.")
    magic, ident = PREFIX.unpack_from(value)
    if magic != _ID_MAGIC:
        raise Unreadable(DeadLetterReason.WRONG_MAGIC, "The value does not begin with a zero byte and a schema id.")
    return ident, PREFIX.size


def framed(schema_id: int, payload: bytes) -> bytes:
    """The prefix form."""
    return PREFIX.pack(_ID_MAGIC, schema_id) + payload


def _in_header(content: bytes) -> SchemaRef:
    if len(content) == _GUID_BYTES and content[0] == _GUID_MAGIC:
        return UUID(bytes=content[1:])
    if len(content) == PREFIX.size and content[0] == _ID_MAGIC:
        return int(PREFIX.unpack(content)[1])
    raise Unreadable(DeadLetterReason.WRONG_MAGIC, f"The header `{SCHEMA_HEADER}` names no schema.")
