"""Whether what one Avro schema wrote can be read by another: the specification's rules of schema resolution. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

_PROMOTIONS = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}


def reasons_against(*, reader: Any, writer: Any) -> list[str]:  # noqa: ANN401  a schema in JSON
    """Why `reader` can't read what `writer` wrote; empty where it can. Named types have their full names."""
    return list(_Comparison().against(reader, writer, "/"))


@dataclass(slots=True)
class _Comparison:
    """The named types of either side so far, and the pairs of records that are compared already: records may hold themselves."""

    _known: dict[str, Any] = field(default_factory=dict[str, Any])
    _written: dict[str, Any] = field(default_factory=dict[str, Any])
    _pairs: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def against(self, reader: Any, writer: Any, path: str) -> Iterator[str]:  # noqa: ANN401  a schema in JSON
        reader, writer = _resolved(reader, self._known), _resolved(writer, self._written)
        if isinstance(writer, list):
            for branch in cast("list[Any]", writer):
                yield from self.against(reader, branch, path)
        elif isinstance(reader, list):
            if all(list(self.against(branch, writer, path)) for branch in cast("list[Any]", reader)):
                yield f"{path}: no branch of the reader's union takes {_name(writer)}"
        elif _name(reader) != _name(writer):
            if _name(reader) not in _PROMOTIONS.get(_name(writer), set()):
                yield f"{path}: {_name(writer)} can't be read as {_name(reader)}"
        elif isinstance(reader, dict) and isinstance(writer, dict):
            yield from self._inside(cast("dict[str, Any]", reader), cast("dict[str, Any]", writer), path)

    def _inside(self, reader: Mapping[str, Any], writer: Mapping[str, Any], path: str) -> Iterator[str]:
        match reader["type"]:
            case "record":
                yield from self._fields(reader, writer, path)
            case "array":
                yield from self.against(reader["items"], writer["items"], f"{path}items/")
            case "map":
                yield from self.against(reader["values"], writer["values"], f"{path}values/")
            case "enum":
                missing = set(writer["symbols"]) - set(reader["symbols"])
                if missing and "default" not in reader:
                    yield f"{path}: the reader's enum lacks {', '.join(sorted(missing))}"
            case "fixed" if reader["size"] != writer["size"]:
                yield f"{path}: {writer['size']} bytes can't be read as {reader['size']}"
            case _:
                return

    def _fields(self, reader: Mapping[str, Any], writer: Mapping[str, Any], path: str) -> Iterator[str]:
        if reader["name"].rpartition(".")[2] != writer["name"].rpartition(".")[2]:
            yield f"{path}: the record {writer['name']} can't be read as {reader['name']}"
            return
        if (pair := (reader["name"], writer["name"])) in self._pairs:
            return
        self._pairs.add(pair)
        fields = {written["name"]: written for written in writer["fields"]}
        for found in reader["fields"]:
            name = found["name"]
            if name in fields:
                yield from self.against(found["type"], fields[name]["type"], f"{path}{name}/")
            elif "default" not in found:
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
