"""The vendors' own descriptions of their APIs, and what in a request or an answer is not as they say."""

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

Json = Mapping[str, Any]


def _read(name: str) -> Json:
    return cast("Json", json.loads((Path(__file__).parent / name).read_text(encoding="utf-8")))


def _discovered(name: str) -> Json:
    """A discovery document that Google's own client brings along."""
    document = files("googleapiclient") / f"discovery_cache/documents/{name}.json"
    return cast("Json", json.loads(document.read_text(encoding="utf-8")))


GRAPH = _read("graph-v1.0-subset.openapi.json")
GRAPH_PERMISSIONS = _read("graph-application-permissions.json")
MAILGUN = _read("mailgun.openapi.json")
GOOGLE = _discovered("admin.directory_v1")
GOOGLE_LICENSING = _discovered("licensing.v1")

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def problems(value: Any, schema: Json, schemas: Json, where: str) -> Iterator[str]:
    """What in `value` is not as `schema` says: unknown fields, other types, other words. `schemas` are those that it refers to."""
    schema = _meant(schema, schemas)
    kind = schema.get("type", "any")
    if kind == "any" or (value is None and schema.get("nullable")):
        return
    if not isinstance(value, _TYPES[kind]):
        yield f"{where} is not {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is none of the documented words"
    for name, inner in cast("Json", value).items() if "properties" in schema else ():
        if name in schema["properties"]:
            yield from problems(inner, schema["properties"][name], schemas, f"{where}.{name}")
        else:
            yield f"{where}.{name} is not documented"
    for number, inner in enumerate(cast("list[Any]", value) if kind == "array" else ()):
        yield from problems(inner, schema["items"], schemas, f"{where}[{number}]")


def _meant(schema: Json, schemas: Json) -> Json:
    while ref := schema.get("$ref") or schema.get("allOf", [{}])[0].get("$ref"):
        schema = schemas[ref.rpartition("/")[2]]
    return schema


def described(path: str, templates: Iterable[str]) -> str:
    """The template, such as `/users/{id}`, that a path follows. Letters count as they do at the vendors: not."""
    found = [template for template in templates if _follows(path.split("/"), template.split("/"))]
    assert found, f"{path} is not described"
    return min(found, key=lambda template: template.count("{"))


def _follows(path: list[str], template: list[str]) -> bool:
    if template[-1].startswith("{+") and len(path) > len(template):  # with slashes (RFC 6570, reserved expansion)
        path = [*path[: len(template) - 1], "/".join(path[len(template) - 1 :])]
    return len(path) == len(template) and all(
        there.startswith("{") or here.lower() == there.lower() for here, there in zip(path, template, strict=True)
    )
