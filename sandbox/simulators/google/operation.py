"""One method of Google's APIs: what is asked, who may ask it, what is answered. No HTTP in here."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sandbox.simulators.google import refusals
from sandbox.simulators.google.customer import Customer

_PAGE = 100
_LARGEST_PAGE = 500

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart."""

    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; without `body` it is empty."""

    status: int
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of the API. `scopes`: any one of them opens it. `name` is the discovery document's method id."""

    name: str
    method: str
    path: str
    scopes: frozenset[str]
    run: Callable[[Customer, Call], Reply]


def done(customer: Customer) -> Reply:
    """It was done, and there is nothing to say about it."""
    return Reply(customer.quirks.delete_status)


def own(customer: Customer, ident: str | None) -> None:
    """Raises `Refusal` (403) where the caller names another customer than its own."""
    if ident not in {"my_customer", customer.customer_id}:
        raise refusals.forbidden()


def paged(
    rows: Sequence[_Row],
    query: Mapping[str, str],
    *,
    kind: str,
    name: str,
    shown: Callable[[_Row], Mapping[str, Any]],
    largest: int = _LARGEST_PAGE,
) -> Reply:
    """The page of `rows` that the query asks for, under `name`, which an empty page leaves out."""
    start, size = _page(query, largest)
    body: dict[str, Any] = {"kind": kind, "etag": f'"{len(rows)}"'}
    if page := rows[start : start + size]:
        body[name] = [shown(row) for row in page]
    if start + size < len(rows):
        body["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return Reply(200, body)


def _page(query: Mapping[str, str], largest: int) -> tuple[int, int]:
    try:
        size = int(query.get("maxResults", _PAGE))
        start = int(base64.urlsafe_b64decode(query.get("pageToken", "MA==")))
    except (ValueError, binascii.Error):
        raise refusals.invalid("pageToken") from None
    if not 1 <= size <= largest:
        raise refusals.invalid("maxResults")
    return start, size
