"""The JSON that commands print, held against the schema of the dataclass that it is printed from."""

import json
from collections.abc import Sequence
from typing import Any

import jsonschema
from pydantic import TypeAdapter


def matching(kind: Any, printed: str) -> Any:
    """What was printed, once it is valid by the schema of `kind`, a dataclass or a sequence of one. No field is left over."""
    value = json.loads(printed)
    schema = TypeAdapter(kind).json_schema(mode="serialization")
    jsonschema.validate(value, _closed(schema), format_checker=jsonschema.FormatChecker())
    return value


def lines_matching(kind: Any, printed: str) -> Sequence[Any]:
    """The same of output that has one object a line."""
    return [matching(kind, line) for line in printed.splitlines()]


def _closed(schema: Any) -> Any:
    """The same schema, whose objects have no fields but those that it names, and need all of them."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(schema, dict):
        return schema
    closed: dict[str, Any] = {str(name): _closed(value) for name, value in schema.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    if "properties" in closed:
        closed |= {"additionalProperties": False, "required": list(closed["properties"])}
    return closed
