"""Collections of Graph as answers: in pages, each with a link to the next."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory

Act = Callable[[Directory, web.Request, dict[str, Any]], web.Response]
"""What answers a request to a directory; the last argument is the body."""

_LARGEST_PAGE = 999


def collection(
    directory: Directory, request: web.Request, kind: str, rows: Sequence[Mapping[str, Any]]
) -> web.Response:
    """A page of the rows. `$skiptoken` is opaque to clients: they follow the link."""
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
    return web.json_response({**body, "value": rows[start : start + size]})


def is_advanced(request: web.Request) -> bool:
    """Whether the request has both parameters of an advanced query."""
    return (
        request.headers.get("ConsistencyLevel", "").lower() == "eventual"
        and request.query.get("$count", "").lower() == "true"
    )


def root(request: web.Request) -> str:
    """Where this Graph is, for its clients."""
    return f"{request.scheme}://{request.host}/v1.0"
