"""Records that this version can't read: written by a newer one, or by hand. A reader sets them aside; others are not affected."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Unreadable(Exception):
    """`place` says where: table and column, never what stands there."""

    def __init__(self, place: str) -> None:
        super().__init__(f"This version can't read {place}.")
        self.place = place


def read(place: str, form: Callable[[Any], T], value: Any) -> T:  # noqa: ANN401  whatever the column holds
    """The value in the form that this version knows. Raises `Unreadable`."""
    try:
        return form(value)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise Unreadable(place) from None  # the cause quotes the value


def a_list(value: Any) -> list[Any]:  # noqa: ANN401  whatever JSON holds
    """The value, a JSON array. Raises `TypeError` where it is none."""
    if not isinstance(value, list):
        raise TypeError
    return cast("list[Any]", value)


def an_object(value: Any) -> dict[str, Any]:  # noqa: ANN401  whatever JSON holds
    """The value, a JSON object. Raises `TypeError` where it is none."""
    if not isinstance(value, dict):
        raise TypeError
    return cast("dict[str, Any]", value)


def a_text(value: Any) -> str:  # noqa: ANN401  whatever JSON holds
    """The value, a JSON string. Raises `TypeError` where it is none."""
    if not isinstance(value, str):
        raise TypeError
    return value
