"""A collection of Graph, read to its last page, or page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

from consumer.errors import Hold, Reason, Scope, Unavailable
from consumer.http.deadline import Deadline
from consumer.providers.api import Api, Classify
from consumer.providers.microsoft import answers
from consumer.providers.port import PageExpired

_MOST_PAGES = 50
"""Pages have at least 100 rows by default; a user is in at most 2,048 groups, and a search here finds a handful."""


async def read_all(
    api: Api,
    operation: str,
    url: str,
    *,
    deadline: Deadline,
    headers: Mapping[str, str] | None = None,
    classify: Classify | None = None,
) -> list[dict[str, Any]]:
    """The rows of all pages. Raises what `Api.call` raises, and `Hold` for a next page elsewhere, or more pages than there can be."""
    rows: list[dict[str, Any]] = []
    for _ in range(_MOST_PAGES):
        page = await api.call(operation, "GET", url, deadline=deadline, headers=headers, classify=classify)
        rows += _rows(page or {})
        following = (page or {}).get("@odata.nextLink")
        if following is None:
            return rows
        url = _checked(following, api.base_url)
    raise Hold("Microsoft Graph's collection has too many pages.", reason=Reason.UNEXPECTED_ANSWER)


@dataclass(frozen=True, slots=True)
class Page:
    """One page's objects, and the address of the next; None: there is none."""

    rows: Sequence[Mapping[str, Any]]
    following: str | None


async def read_page(api: Api, operation: str, url: str, *, deadline: Deadline) -> Page:
    """One page. `url` may have been kept for a while: raises `PageExpired` where Graph, or this configuration, does not know it any more.

    A collection that Graph does not know has one empty page.
    """
    if not _is_here(url, api.base_url):
        raise PageExpired("The page is of another host.")
    page = await api.call(operation, "GET", url, deadline=deadline, missing_is_none=True, classify=answers.paging)
    if page is None:
        return Page((), None)
    following = page.get("@odata.nextLink")
    return Page(_rows(page), None if following is None else _checked(following, api.base_url))


def _rows(page: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A page's objects. What is no collection is not an empty one: that would mean that there are no roles."""
    rows = page.get("value")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in cast("list[Any]", rows)):
        raise Unavailable("Microsoft Graph's response is not the collection that was asked for.")
    return cast("list[dict[str, Any]]", rows)


def _checked(following: object, base_url: str) -> str:
    """The next page's address, which must be on the configured host: the token goes with the request."""
    if not _is_here(following, base_url):
        raise Hold(
            "Microsoft Graph's next page is on another host: the address in the tenant's configuration is wrong.",
            reason=Reason.UNEXPECTED_ANSWER,
            scope=Scope.TENANT,
        )
    return str(following)


def _is_here(url: object, base_url: str) -> bool:
    try:
        here, there = urlsplit(base_url), urlsplit(str(url))
        return (here.scheme, here.netloc.lower()) == (there.scheme, there.netloc.lower())
    except ValueError:
        return False
