"""Turns pydantic's errors into messages for the author of the file: what is wrong, and how to correct it."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a section with keys of its own",
    "path_type": "a path",
}
_BOUNDS = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}
_ALSO = {"string_type": " (put it in quotes: YAML reads bare numbers, dates, `yes` and `no` as something else)"}


def sentences(model: type[BaseModel], error: ErrorDetails) -> tuple[str, str]:
    """(what is wrong, what would be right) for one error of `model`."""
    kind, context = error["type"], error.get("ctx", {})
    owner, field = _find(model, error["loc"])
    match kind:
        case "missing":
            return "is missing", f"Add it{_what(field)}."
        case "extra_forbidden":
            return "is not a known key", _nearest(str(error["loc"][-1]), list(owner.model_fields))
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            bound = next(f"{_BOUNDS[name]} {context[name]:g}" for name in _BOUNDS if name in context)
            return "is out of range", f"Give {bound}{_what(field)}."
        case "enum" | "literal_error":
            return "has a value that is not one of those allowed", f"Allowed are: {_allowed(context)}."
        case "string_pattern_mismatch" | "string_too_short" | "string_too_long" | "too_short":
            return "has a value of the wrong form", f"Give{_what(field, fallback=': ' + error['msg'])}."
        case _ if kind in _KINDS:
            wrong, right = "has a value of the wrong kind", f"Give {_KINDS[kind]}{_ALSO.get(kind, '')}"
        case _:
            wrong, right = str(context.get("error", f"is rejected: {error['msg'].lower()}")).rstrip("."), "Correct it"
    return wrong, f"{right}{_what(field)}."


def _find(model: type[BaseModel], loc: Sequence[str | int]) -> tuple[type[BaseModel], FieldInfo | None]:
    """The model and field that a place means, as far as models go."""
    owner = model
    field: FieldInfo | None = None
    for part in loc:
        if isinstance(part, int) or part == "[key]":
            continue
        field = owner.model_fields.get(part)
        if field is None:
            return owner, None
        if inner := model_in(field.annotation):
            owner = inner
    return owner, field


def field_at(model: type[BaseModel], place: Sequence[str | int]) -> FieldInfo | None:
    """The field that a place means; None inside of a mapping, and for unknown keys."""
    return _find(model, place)[1]


def model_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401  any type form
    """The model that a field holds, or a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((inner for part in get_args(annotation) if (inner := model_in(part))), None)


def _what(field: FieldInfo | None, *, fallback: str = "") -> str:
    if field is None:
        return fallback
    described = form(field.annotation, field)
    if described:
        return f": {described.title}" + (f", for example `{described.examples[0]}`" if described.examples else "")
    return f": {field.description.rstrip('.')}" if field.description else fallback


def form(annotation: Any, field: FieldInfo | None = None) -> FieldInfo | None:  # noqa: ANN401  any type form
    """What says, as its title, which form a value has: the field itself, or a type inside `X | None` or a list of it."""
    if field and field.title:
        return field
    inside = (meta for meta in getattr(annotation, "__metadata__", ()) if isinstance(meta, FieldInfo) and meta.title)
    return next(inside, None) or next((found for part in get_args(annotation) if (found := form(part))), None)


def _nearest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    if near:
        return f"Did you mean `{near[0]}`?"
    return f"Known keys: {', '.join(f'`{name}`' for name in known)}." if known else "Remove it."


def _allowed(context: Mapping[str, Any]) -> str:
    return str(context.get("expected", "")).replace("'", "`")
