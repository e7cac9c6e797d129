"""Objects and collections of Graph as answers: collections come in pages, each with a link to the next."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.filters import parsed
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.graph.user import User
from sandbox.simulators.request_handler import NOTES

_Row = TypeVar("_Row")

Act = Callable[[Directory, web.Request, dict[str, Any]], web.Response]
"""What answers a request to a directory; the last argument is the body."""

_LARGEST_PAGE = 999


def collection(
    directory: Directory,
    request: web.Request,
    kind: str,
    rows: Sequence[_Row],
    shown: Callable[[_Row], Mapping[str, Any]] = lambda row: cast("Mapping[str, Any]", row),
) -> web.Response:
    """A page of the rows, as they are `shown`. `$skiptoken` is opaque to clients: they follow the link."""
    try:
        start = int(request.query.get("$skiptoken", 0))
        size = int(request.query.get("$top", directory.quirks.page_size))
    except ValueError:
        size = start = -1
    if not (0 < size <= _LARGEST_PAGE and start >= 0):
        raise refusals.invalid("Invalid page size or page token specified.")
    body: dict[str, Any] = {"@odata.context": f"{root(request)}/$metadata#{kind}"}
    if is_advanced(request):
        body["@odata.count"] = len(rows)
    if start + size < len(rows):
        body["@odata.nextLink"] = str(request.url.update_query({"$skiptoken": str(start + size)}))
    return web.json_response({**body, "value": [shown(row) for row in rows[start : start + size]]})


def users_page(
    directory: Directory, request: web.Request, users: Iterable[User], *, kind: str = "users"
) -> web.Response:
    """A page of those users whom the filter lets through, with the properties that were selected."""
    condition = request.query.get("$filter", "")
    matches = parsed(condition, advanced=is_advanced(request), extensions=directory.extensions)
    select = request.query.get("$select")
    found = [user for user in users if matches(user)]
    return collection(directory, request, kind, found, lambda user: user.shown(select))


def entity(request: web.Request, shown: Mapping[str, Any], kind: str = "users") -> dict[str, Any]:
    """One object, as an answer's body."""
    return {"@odata.context": f"{root(request)}/$metadata#{kind}/$entity", **shown}


def referenced(body: Mapping[str, Any]) -> str:
    """The id of the object that a reference means."""
    return named(str(body.get("@odata.id", "")))


def named(url: str) -> str:
    """The id of the object that a URL ends with."""
    return url.rpartition("/")[2]


async def json_body(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; empty where it has none. Raises `Refusal` for any other text."""
    content = await request.read()
    if not content or request.method == "GET":
        return {}
    try:
        body: object = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(
            400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set."
        )
    return cast("dict[str, Any]", body)


def note(request: web.Request, user: User | None) -> None:
    """Tells the audit which user the request was about."""
    if user is not None and NOTES in request:
        request[NOTES].update(object_id=user.id, address=user.upn, marker=user.marker)


def is_advanced(request: web.Request) -> bool:
    """Whether the request has both parameters of an advanced query."""
    return (
        request.headers.get("ConsistencyLevel", "").lower() == "eventual"
        and request.query.get("$count", "").lower() == "true"
    )


def root(request: web.Request) -> str:
    """Where this Graph is, for its clients."""
    return f"{request.scheme}://{request.host}/v1.0"
