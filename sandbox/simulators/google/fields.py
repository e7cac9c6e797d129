"""The `fields` parameter of Google's APIs: the parts of a resource that the caller wants, such as `users(id,name/givenName)`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from sandbox.simulators.google.refusals import bad_request

_PIECE = re.compile(r"[A-Za-z0-9_\-*]+|[(),/]")

Mask = dict[str, "Mask"]


def partial(resource: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """The resource cut to `fields`; whole where None. Raises `Refusal` (400) where `fields` can't be read."""
    if fields is None:
        return resource
    pieces = _PIECE.findall(fields)
    if "".join(pieces) != fields:
        raise bad_request(f"Invalid field selection {fields}")
    rest = iter(pieces)
    mask = _mask(rest, fields, nested=False)
    return cast("dict[str, Any]", _cut(resource, mask))


def _mask(pieces: Iterator[str], fields: str, *, nested: bool) -> Mask:
    mask: Mask = {}
    here = mask
    for piece in pieces:
        if piece == ",":
            here = mask
        elif piece == "(":
            here.update(_mask(pieces, fields, nested=True))
        elif piece == ")":
            if not nested:
                raise bad_request(f"Invalid field selection {fields}")
            return mask
        elif piece != "/":
            here = here.setdefault(piece, {})
    if nested:
        raise bad_request(f"Invalid field selection {fields}")
    return mask


def _cut(value: object, mask: Mask) -> object:
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [_cut(one, mask) for one in cast("list[object]", value)]
    if isinstance(value, Mapping):
        whole = cast("Mapping[str, object]", value)
        return {name: _cut(whole[name], inner) for name, inner in mask.items() if name in whole}
    return value
