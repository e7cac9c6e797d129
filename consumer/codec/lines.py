"""Status events as lines of JSON: the record of the Avro schema, as plain JSON or by Avro's JSON encoding.

Plain JSON is what people and programs write. Avro's encoding, which has `{"string": "…"}` for a value of a union, is what Confluent's
`kafka-avro-console-consumer` prints. `occurred_at` is a text by ISO 8601, or a number of milliseconds.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.codec.reader import MAX_BYTES, validated
from consumer.codec.schemas import STATUS_CHANGED, schema
from consumer.events import StudentStatusChanged


class LineReader:
    """Reads the events of one tenant."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._schema = schema(STATUS_CHANGED)

    def read(self, line: bytes) -> StudentStatusChanged | None:
        """The event, validated as any other; None where it is another tenant's. Raises `Unreadable`."""
        if len(line) > MAX_BYTES:
            raise Unreadable(DeadLetterReason.OVERSIZED, f"The line has more than {MAX_BYTES} bytes.")
        try:
            record: object = json.loads(line)
        except (ValueError, RecursionError):
            raise Unreadable(DeadLetterReason.UNDECODABLE, "The line is not JSON.") from None
        if record is None:
            raise Unreadable(DeadLetterReason.NULL_VALUE, "The record has no value.")
        if not isinstance(record, dict):
            raise Unreadable(DeadLetterReason.UNDECODABLE, "The line is not a JSON object.")
        found = cast("dict[str, Any]", record)
        tenant_id = found.get("tenant_id")
        if isinstance(tenant_id, str) and tenant_id != self._tenant_id:
            return None
        return validated(_plain(found, self._schema))


def _plain(record: Mapping[str, Any], described: Mapping[str, Any]) -> dict[str, Any]:
    """The record without the names of the unions' branches. Only unions of plain types are in the schema."""
    plain = dict(record)
    for field in described["fields"]:
        name, kind = field["name"], field["type"]
        value: object = plain.get(name)
        if not isinstance(value, dict):
            continue
        inside = cast("dict[str, Any]", value)
        if isinstance(kind, list):
            plain[name] = _branch(inside, cast("list[Any]", kind))
        elif isinstance(kind, dict) and "fields" in kind:
            plain[name] = _plain(inside, cast("dict[str, Any]", kind))
    return plain


def _branch(value: Mapping[str, Any], branches: Sequence[Any]) -> object:
    ((name, inner),) = value.items() if len(value) == 1 else [("", value)]
    return inner if name in branches else value
