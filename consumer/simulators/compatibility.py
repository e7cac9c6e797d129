"""Whether what one Avro schema wrote can be read by another: the specification's rules of schema resolution. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


def reasons_against(*, reader: Any, writer: Any) -> list[str]:  # noqa: ANN401  a schema in JSON
    """Why `reader` can't read what `writer` wrote; empty where it can."""
    return list(_against(reader, writer, "/", {}, {}))


def _against(reader: Any, writer: Any, path: str, known: dict[str, Any], written: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401
    reader, writer = _resolved(reader, known), _resolved(writer, written)
    if isinstance(writer, list):
        for branch in cast("list[Any]", writer):
            yield from _against(reader, branch, path, known, written)
    elif isinstance(reader, list):
        if all(list(_against(branch, writer, path, known, written)) for branch in cast("list[Any]", reader)):
            yield f"{path}: no branch of the reader's union takes {_name(writer)}"
    elif _name(reader) != _name(writer):
        if _name(reader) not in _PROMOTIONS.get(_name(writer), set()):
            yield f"{path}: {_name(writer)} can't be read as {_name(reader)}"
    elif isinstance(reader, dict) and isinstance(writer, dict):
        yield from _inside(cast("dict[str, Any]", reader), cast("dict[str, Any]", writer), path, known, written)


def _inside(
    reader: Mapping[str, Any], writer: Mapping[str, Any], path: str, known: dict[str, Any], written: dict[str, Any]
) -> Iterator[str]:
    match reader["type"]:
        case "record":
            yield from _fields(reader, writer, path, known, written)
        case "array":
            yield from _against(reader["items"], writer["items"], f"{path}items/", known, written)
        case "map":
            yield from _against(reader["values"], writer["values"], f"{path}values/", known, written)
        case "enum":
            missing = set(writer["symbols"]) - set(reader["symbols"])
            if missing and "default" not in reader:
                yield f"{path}: the reader's enum lacks {', '.join(sorted(missing))}"
        case _:
            return


def _fields(
    reader: Mapping[str, Any], writer: Mapping[str, Any], path: str, known: dict[str, Any], written: dict[str, Any]
) -> Iterator[str]:
    if reader["name"].rpartition(".")[2] != writer["name"].rpartition(".")[2]:
        yield f"{path}: the record {writer['name']} can't be read as {reader['name']}"
        return
    fields = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        name = field["name"]
        if name in fields:
            yield from _against(field["type"], fields[name]["type"], f"{path}{name}/", known, written)
        elif "default" not in field:
            yield f"{path}{name}: the reader's field has no default, and the writer does not write it"


def _resolved(schema: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401  a schema in JSON
    """A name stands for what it was given to before."""
    if isinstance(schema, str):
        return known.get(schema, schema)
    if isinstance(schema, dict) and "name" in schema:
        named = cast("dict[str, Any]", schema)
        known[named["name"]] = named
    return cast("Any", schema)


def _name(schema: Any) -> str:  # noqa: ANN401  a schema in JSON
    return str(cast("dict[str, Any]", schema)["type"]) if isinstance(schema, dict) else str(schema)
