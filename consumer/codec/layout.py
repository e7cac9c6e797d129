"""A writer's schema reduced to its layout: what decides how its bytes are decoded and resolved, and nothing else.

By the Avro specification ("Schema Resolution", "Parsing Canonical Form") that is the types, the full names, the names and order of
fields, the symbols of enums and the sizes of fixeds. A writer's defaults, aliases, docs and logical types play no part in reading what it
wrote, so a mistake in one of them must not matter. Logical types of the record's own fields are kept apart, for the reader to consult.

fastavro decodes in C, recurses as deep as the bytes say, and repeats items as often as the bytes say. So a layout is made safe for it:

- It has no recursive type. A recursive type is unrolled to `_DEEPEST` levels, each under a namespace of its own; whatever is nested deeper
  is undecodable. (fastavro overflows the C stack at a few thousand levels, which kills the process.)
- Every item of an array takes at least a byte, so that the record's size bounds their number. An array of items without bytes (`null`,
  an empty record) is refused; fields without bytes are left out of records that may be repeated.
- fastavro notices the end of the record in what it skips only where it reads a length or a number of varying size. An array of items
  without one (`double`, `boolean`, a fixed) is `unbounded`: it must be read from a stream that raises at the end.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from consumer.codec.port import UnreadableSchema, WriterSchema

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_OF_VARYING_SIZE = frozenset({"int", "long", "bytes", "string"})
_NAMED = frozenset({"record", "error", "enum", "fixed"})

_DEEPEST = 128
_LARGEST = 50_000
"""Types in a layout. A registry takes schemas of about a megabyte, which is fewer."""

_UNDECODABLE: list[Any] = []
"""A union without branches: no bytes decode by it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """`schema` is valid Avro, in JSON: a record or a union. `logical_types` are those of the record's fields, by name.

    `unbounded`: an array in it may have far more items than the record has bytes, unless reading beyond the end raises.
    """

    schema: Any
    logical_types: Mapping[str, str]
    unbounded: bool = False


def layout_of(written: WriterSchema) -> Layout:
    """The layout of a schema that writes records. Raises `UnreadableSchema`."""
    try:
        references = [json.loads(text) for text in written.references]
        schema = json.loads(written.text)
        builder = _Builder()
        for document in (*references, schema):
            builder.define(document, "")
        return Layout(builder.top(schema), dict(builder.logical_types(schema)), builder.unbounded)
    except ValueError:
        raise UnreadableSchema("it is not JSON") from None
    except RecursionError:
        raise UnreadableSchema("it is nested too deeply") from None


class _Definition(NamedTuple):
    """A named type as it is written, and the namespace of the names in it."""

    schema: Mapping[str, Any]
    namespace: str


class _Place(NamedTuple):
    """Where in the schema a type is: this decides what its names mean, and how often and how deep it may occur."""

    namespace: str = ""
    depth: int = 0
    repeated: bool = False

    def below(self, *, namespace: str | None = None, repeated: bool = False) -> "_Place":
        """One level deeper."""
        inner = self.namespace if namespace is None else namespace
        return _Place(inner, self.depth + 1, self.repeated or repeated)


class _Part(NamedTuple):
    """A type's layout, whether its values take no bytes, and whether skipping one shows that the record has ended."""

    schema: Any
    empty: bool = False
    shows_end: bool = True


@dataclass(slots=True)
class _Builder:
    _definitions: dict[str, _Definition] = field(default_factory=dict[str, _Definition])
    _names: set[str] = field(default_factory=set[str])
    _finished: dict[tuple[str, int, bool], _Part] = field(default_factory=dict[tuple[str, int, bool], _Part])
    unbounded: bool = False
    _size: int = 0

    def define(self, schema: Any, namespace: str) -> None:  # noqa: ANN401  a schema in JSON
        """Takes note of all named types, wherever they stand."""
        if isinstance(schema, list):
            for branch in cast("list[Any]", schema):
                self.define(branch, namespace)
        if not isinstance(schema, dict):
            return
        written = cast("dict[str, Any]", schema)
        if _kind(written) in _NAMED:
            name = _full_name(written, namespace)
            namespace = name.rpartition(".")[0]
            definition = _Definition(written, namespace)
            if self._definitions.setdefault(name, definition) != definition:
                raise UnreadableSchema("it defines a type twice")
        for inner in _inner(written):
            self.define(inner, namespace)

    def top(self, schema: Any) -> Any:  # noqa: ANN401  a schema in JSON
        """The layout of a whole schema. Only records can be events: what else a union at the top holds is never read."""
        if not isinstance(schema, list):
            part = self._part(schema, _Place()).schema
            if not _is_record(part):
                raise UnreadableSchema("it does not describe a record")
            return part
        parts = [self._part(branch, _Place()).schema for branch in cast("list[Any]", schema)]
        known = _PRIMITIVES | {part["name"] for part in parts if _is_record(part)}
        return [part if _is_record(part) or (isinstance(part, str) and part in known) else "null" for part in parts]

    def logical_types(self, schema: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  a schema in JSON
        """The logical types of the fields of the record, or of the records in the union."""
        for branch in cast("list[Any]", schema) if isinstance(schema, list) else [schema]:
            if isinstance(branch, dict) and "fields" in branch:
                for name, inner in _fields(cast("dict[str, Any]", branch)):
                    if logical := _logical_type(inner):
                        yield name, logical

    def _part(self, schema: Any, at: _Place) -> _Part:  # noqa: ANN401  a schema in JSON
        self._size += 1
        if self._size > _LARGEST:
            raise UnreadableSchema("it is too large")
        if at.depth > _DEEPEST:
            return _Part(_UNDECODABLE)
        if isinstance(schema, str):
            if schema in _PRIMITIVES:
                return _Part(schema, empty=schema == "null", shows_end=schema in _OF_VARYING_SIZE)
            return self._named(self._found(schema, at.namespace), at)
        if isinstance(schema, list):
            return _Part([self._part(branch, at.below()).schema for branch in cast("list[Any]", schema)])
        if isinstance(schema, dict):
            return self._complex(cast("dict[str, Any]", schema), at)
        raise UnreadableSchema("it contains something that is not a type")

    def _complex(self, schema: Mapping[str, Any], at: _Place) -> _Part:
        match schema.get("type"):
            case "array":
                items = self._part(schema.get("items"), at.below(repeated=True))
                if items.empty:
                    raise UnreadableSchema("it has an array whose items take no bytes")
                self.unbounded |= not items.shows_end
                return _Part({"type": "array", "items": items.schema})
            case "map":
                return _Part(
                    {"type": "map", "values": self._part(schema.get("values"), at.below(repeated=True)).schema}
                )
            case "record" | "error" | "enum" | "fixed":
                return self._named(_full_name(schema, at.namespace), at)
            case other:  # a primitive with attributes, or a type in a type
                return self._part(other, at)

    def _found(self, name: str, namespace: str) -> str:
        for full in (_qualified(name, namespace), name):
            if full in self._definitions:
                return full
        raise UnreadableSchema("it uses a type that is not defined")

    def _named(self, name: str, at: _Place) -> _Part:
        key = (name, at.depth, at.repeated)
        if key not in self._finished:
            part, finished = self._new(name, at)
            self._finished[key] = finished
            return part
        return self._finished[key]

    def _new(self, name: str, at: _Place) -> tuple[_Part, _Part]:
        """The layout of a named type, and what stands for it from then on: its name.

        A type that stands at several depths has a layout for each. All keep the unqualified name, by which records are matched.
        """
        schema, namespace = self._definitions[name]
        own = name if "." in name and name not in self._names else f"_{len(self._names)}.{name}"
        self._names.add(own)
        empty, shows_end = False, True
        match _kind(schema):
            case "enum":
                layout = {"type": "enum", "name": own, "symbols": _symbols(schema)}
            case "fixed":
                layout = {"type": "fixed", "name": own, "size": _size(schema)}
                empty, shows_end = layout["size"] == 0, False
            case _:
                below = at.below(namespace=namespace)
                fields = [(label, self._part(inner, below)) for label, inner in _fields(schema)]
                empty, shows_end = all(part.empty for _, part in fields), any(part.shows_end for _, part in fields)
                kept = [
                    {"name": label, "type": part.schema} for label, part in fields if not (part.empty and at.repeated)
                ]
                layout = {"type": "record", "name": own, "fields": kept}
        return _Part(layout, empty, shows_end), _Part(own, empty, shows_end)


def _kind(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    return kind if isinstance(kind, str) else ""


def _inner(schema: Mapping[str, Any]) -> Iterator[Any]:
    match schema.get("type"):
        case "record" | "error":
            yield from (inner for _, inner in _fields(schema))
        case "array":
            yield schema.get("items")
        case "map":
            yield schema.get("values")
        case other:
            yield other


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    fields: object = schema.get("fields")
    if not isinstance(fields, list):
        raise UnreadableSchema("it has a record without fields")
    for item in cast("list[Any]", fields):
        found = cast("dict[str, Any]", item) if isinstance(item, dict) else {}
        name = found.get("name")
        if not isinstance(name, str):
            raise UnreadableSchema("it has a field without a name")
        yield name, found.get("type")


def _full_name(schema: Mapping[str, Any], enclosing: str) -> str:
    name, namespace = schema.get("name"), schema.get("namespace")
    if not isinstance(name, str) or not name:
        raise UnreadableSchema("it has a type without a name")
    return _qualified(name, namespace if isinstance(namespace, str) else enclosing)


def _qualified(name: str, namespace: str) -> str:
    return name if "." in name or not namespace else f"{namespace}.{name}"


def _symbols(schema: Mapping[str, Any]) -> list[str]:
    symbols: object = schema.get("symbols")
    if not isinstance(symbols, list) or not all(isinstance(symbol, str) for symbol in cast("list[Any]", symbols)):
        raise UnreadableSchema("it has an enum without symbols")
    return cast("list[str]", symbols)


def _size(schema: Mapping[str, Any]) -> int:
    size: object = schema.get("size")
    if type(size) is not int or size < 0:
        raise UnreadableSchema("it has a fixed without a size")
    return size


def _logical_type(schema: Any) -> str | None:  # noqa: ANN401  a schema in JSON
    """Of a type, or of the first branch of a union that has one."""
    if isinstance(schema, list):
        return next((found for branch in cast("list[Any]", schema) if (found := _logical_type(branch))), None)
    found = cast("dict[str, Any]", schema).get("logicalType") if isinstance(schema, dict) else None
    return found if isinstance(found, str) else None


def _is_record(schema: Any) -> bool:  # noqa: ANN401  a schema in JSON
    return isinstance(schema, dict) and cast("dict[str, Any]", schema)["type"] == "record"
