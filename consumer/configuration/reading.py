"""A file as a model, with all the mistakes that its form has; and as much of the model as can be had in spite of them.

So that one mistake hides no other, what cannot be read is replaced by a stand-in, and the checks of what values mean use the rest.
They say which places they looked at: where one of these is a stand-in, they have nothing to say.

    the file's data ─▶ misspelt keys renamed ─▶ validated ─┬─▶ the model
                                                ▲          │ errors
                                                └──────────┴─▶ mistakes; stand-ins
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Generic, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from consumer.configuration.document import Document, Place
from consumer.configuration.mistakes import Mistake
from consumer.configuration.sentences import field_at, form, model_in, sentences
from consumer.tenants import PARTS

M = TypeVar("M", bound=BaseModel)

_ROUNDS = 8
_ALIKE = 0.8
"""How like a key must be one that is missing to be read as that one."""
_TEXT = "stand-in"
_PLAIN: Mapping[Any, object] = {int: 1, float: 1.0, bool: False, dict: {}, Path: _TEXT}
_KEY = "[key]"
"""pydantic's word for a mapping's key, as opposed to its value."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[M]):
    """What was read. `model` is None where too little could be; `unread` are the places of stand-ins in it."""

    document: Document
    model: M | None
    mistakes: tuple[Mistake, ...]
    unread: frozenset[Place] = frozenset()

    def mistake(self, place: Place, wrong: str, right: str, *also: Place) -> Iterator[Mistake]:
        """A mistake in what stands at `place`, given what stands at the places in `also`; none where one of them is a stand-in."""
        if self.says(place, *also):
            yield self.document.mistake(place, wrong, right)

    def says(self, *places: Place) -> bool:
        """Whether the file itself says what the model has at these places."""
        return not any(place[: len(unread)] == unread for place in places for unread in self.unread)


def read(model: type[M], document: Document) -> Reading[M]:
    """Reads a document as `model`. The document's own mistakes are among those that are returned."""
    data, unread = deepcopy(document.data), set[Place]()
    mistakes = [*document.mistakes, *_respelt(model, document, data, ())]
    found: M | None = None
    for _ in range(_ROUNDS):
        try:
            found = model.model_validate(data, context=PARTS)
            break
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
        for one in errors:
            place = _place(data, one["loc"])
            if not _is_of_a_stand_in(one, place, unread):
                mistakes.append(document.mistake(place, *sentences(model, one)))
        data = deepcopy(data)
        repaired = {_repaired(model, data, one, unread) for one in errors}
        if () in repaired:
            break
        unread |= repaired
    return Reading(document, found, tuple(mistakes), frozenset(unread))


def _respelt(model: type[BaseModel], document: Document, here: dict[Any, Any], place: Place) -> Iterator[Mistake]:
    """Renames keys that are unknown and very like one that is missing, here and below."""
    for key in [key for key in here if isinstance(key, str) and key not in model.model_fields]:
        missing = [name for name in model.model_fields if name not in here]
        if near := get_close_matches(key, missing, n=1, cutoff=_ALIKE):
            yield document.mistake((*place, key), "is not a known key", f"Did you mean `{near[0]}`?")
            document.read_as((*place, key), (*place, near[0]))
            here[near[0]] = here.pop(key)
    for name, below in _models_in(model).items():
        for at, section in _sections(here.get(name), (*place, name)):
            yield from _respelt(below, document, section, at)


@cache
def _models_in(model: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """The fields that hold models. Looked up once: a thousand files are of one model."""
    return {name: inner for name, field in model.model_fields.items() if (inner := model_in(field.annotation))}


def _sections(value: object, place: Place) -> Iterator[tuple[Place, dict[Any, Any]]]:
    """A section, or those of a list."""
    if isinstance(value, dict):
        yield place, cast("dict[Any, Any]", value)
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[object]", value)):
            if isinstance(item, dict):
                yield (*place, number), cast("dict[Any, Any]", item)


def _place(data: object, loc: tuple[str | int, ...]) -> Place:
    """Where in the data an error is: without pydantic's own marks, such as the names of a union's members."""
    place: list[str | int] = []
    for number, part in enumerate(loc):
        is_last = number == len(loc) - 1
        if isinstance(data, Mapping):
            inside = cast("Mapping[object, object]", data)
            if part in inside or (is_last and part != _KEY):
                data = inside.get(part)
                place.append(str(part))
        elif isinstance(data, list) and isinstance(part, int):
            items = cast("list[object]", data)
            data = items[part] if part < len(items) else None
            place.append(part)
    return tuple(place)


def _is_of_a_stand_in(error: ErrorDetails, place: Place, unread: set[Place]) -> bool:
    """Whether a section contradicts itself only because of what was put into it."""
    return error["type"] in {"value_error", "missing"} and any(one[: len(place)] == place for one in unread)


def _repaired(model: type[BaseModel], data: dict[str, Any], error: ErrorDetails, unread: set[Place]) -> Place:
    """Replaces what an error is about; returns its place, () for the whole. What was replaced before is replaced with what is around it."""
    place = _place(data, error["loc"])
    while place and place in unread:
        place = place[:-1]
    if not place:
        return ()
    inner: Any = data
    for part in place[:-1]:
        inner = inner[_key(inner, part)]
    key = _key(inner, place[-1])
    field = field_at(model, place)
    if isinstance(inner, list):
        inner[key] = _stand_in_for_item(field)
    elif field is not None and field.is_required() and place[-1] in _keys_of(model, place[:-1]):
        inner[key] = _stand_in(field.annotation, field)
    else:
        inner.pop(key, None)
    return place


def _key(container: object, part: str | int) -> Any:  # noqa: ANN401  any key that YAML makes
    """A mapping's own key: YAML reads `7:` as a number."""
    if isinstance(container, dict) and part not in container:
        return next((key for key in cast("dict[object, object]", container) if str(key) == part), part)
    return part


def _keys_of(model: type[BaseModel], place: Place) -> frozenset[str]:
    owner: type[BaseModel] | None = model
    for part in place:
        if isinstance(part, str) and owner is not None:
            field = owner.model_fields.get(part)
            owner = model_in(field.annotation) if field else None
    return frozenset(owner.model_fields) if owner else frozenset()


def _stand_in_for_item(field: FieldInfo | None) -> object:
    found: object = _stand_in(field.annotation, field) if field else None
    return cast("list[object]", found)[0] if isinstance(found, list) else _TEXT


def _stand_in(annotation: Any, field: FieldInfo | None = None) -> Any:  # noqa: ANN401  any type form, any value
    """Something of this type that is valid by itself."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    described = form(annotation, field)
    if described and described.examples:
        return [described.examples[0]] if origin is tuple else described.examples[0]
    if origin in {Annotated, Union, UnionType, Literal}:
        return arguments[0] if origin is Literal else _stand_in(arguments[0])
    if origin is tuple:
        return [_stand_in(arguments[0])]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        required = {name: one for name, one in annotation.model_fields.items() if one.is_required()}
        return {name: _stand_in(one.annotation, one) for name, one in required.items()}
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation)).value
    return _PLAIN.get(origin or annotation, _TEXT)
