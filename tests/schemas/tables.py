"""The tables of `docs/events.md`, as the schemas and the closed sets say them."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.schemas import schema
from consumer.story.reasons import EXPLANATIONS

LETTER_MEANINGS: Mapping[DeadLetterReason, str] = {
    DeadLetterReason.NULL_VALUE: "The record has no value; this topic has no tombstones.",
    DeadLetterReason.WRONG_MAGIC: "The value is not in Confluent's wire format.",
    DeadLetterReason.OVERSIZED: "The value is larger than 1 MiB.",
    DeadLetterReason.UNKNOWN_SCHEMA: "The registry reports that it has no such schema (its error code 40403).",
    DeadLetterReason.INCOMPATIBLE_SCHEMA: "Avro's schema resolution cannot read what this schema writes as a status event.",
    DeadLetterReason.UNDECODABLE: "The bytes do not match the schema, or are nested too deeply; "
    "or a header's name is not UTF-8 (the letter then has none of the record's own headers).",
    DeadLetterReason.INVALID_CONTENT: "It decodes but is invalid: an empty id, an impossible date, a line break, over 256 letters.",
    DeadLetterReason.UNKNOWN_TENANT: "No institution with this id is configured.",
    DeadLetterReason.UNLISTED_STATUS: "No row of the status table is for this status and student, and `unlisted_status` is `dead_letter`.",
    DeadLetterReason.TENANT_UNUSABLE: "The institution's file cannot be read so far that its status table is known.",
    DeadLetterReason.REUSED_ID: "The event_id was already used with different content.",
}


def fields_table(name: str) -> str:
    """The schema's fields, those of records inside it too."""
    lines = ["| field | type | meaning |", "|---|---|---|", *_rows(schema(name), "")]
    return "\n".join(lines)


def reasons_table() -> str:
    """Why a record is a dead letter."""
    lines = [
        "| reason | meaning |",
        "|---|---|",
        *(f"| `{reason}` | {text} |" for reason, text in LETTER_MEANINGS.items()),
    ]
    return "\n".join(lines)


def failures_table() -> str:
    """Why an account is not as its status wants it, and what the school can do."""
    rows = (
        f"| `{reason}` | {explained.cause} | {explained.remedy or 'Nothing: it ends by itself.'} |"
        for reason, explained in EXPLANATIONS.items()
    )
    return "\n".join(["| reason | meaning | what people can do |", "|---|---|---|", *rows])


def _rows(record: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for field in record["fields"]:
        yield f"| `{prefix}{field['name']}` | {_type(field['type'])} | {field['doc']} |"
        if isinstance(field["type"], dict) and field["type"]["type"] == "record":
            yield from _rows(cast("dict[str, Any]", field["type"]), f"{prefix}{field['name']}.")


def _type(kind: Any) -> str:
    if isinstance(kind, list):
        return " or ".join(_type(branch) for branch in cast("list[Any]", kind))
    if not isinstance(kind, dict):
        return str(kind)
    named = cast("dict[str, Any]", kind)
    match named["type"]:
        case "array":
            return f"list of {_type(named['items'])}"
        case "map":
            return f"map of {_type(named['values'])}"
        case "record":
            return "record"
        case plain:
            return str(named.get("logicalType", plain))
