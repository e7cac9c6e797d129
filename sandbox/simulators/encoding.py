"""Events as a SIS would put them on the topic: Avro in Confluent's wire format, by a writer of our own."""

import io
import struct
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import fastavro

MAGIC = 0


class Encoder:
    """Writes `student-status-changed` records with the writer's `schema`, which the registry knows under `schema_id`."""

    def __init__(self, schema: Mapping[str, Any], schema_id: int) -> None:
        self.schema_id = schema_id
        self._schema = fastavro.parse_schema(dict(schema))
        self._undated = fastavro.parse_schema(_undated(schema))

    def encode(self, event: Mapping[str, Any]) -> bytes:
        """The record's value. `event` may say anything that the schema can hold, sense or not."""
        return framed(self.schema_id, self._written(self._schema, event))

    def encode_undated(self, event: Mapping[str, Any], occurred_at: int) -> bytes:
        """The same with any number as the time, such as no calendar holds."""
        return framed(self.schema_id, self._written(self._undated, {**event, "occurred_at": occurred_at}))

    @staticmethod
    def _written(schema: Any, event: Mapping[str, Any]) -> bytes:  # noqa: ANN401  fastavro's own name for a schema
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, schema, dict(event))  # pyright: ignore[reportUnknownMemberType]  bare IO in its stubs
        return buffer.getvalue()


def framed(schema_id: int, payload: bytes) -> bytes:
    """Confluent's wire format: a zero, the schema's id in four bytes, the record."""
    return struct.pack(">bI", MAGIC, schema_id) + payload


def _undated(schema: Mapping[str, Any]) -> dict[str, Any]:
    plain = deepcopy(dict(schema))
    for field in plain["fields"]:
        if field["name"] == "occurred_at":
            field["type"] = "long"
    return plain
