"""Groups over HTTP: what they are, and who joins and leaves them."""

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, entity, named, referenced, users_page


def _group(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    shown = directory.group(request.match_info["group"])
    selected = request.query.get("$select")
    names = selected.split(",") if selected else list(shown)
    if unknown := set(names) - shown.keys():
        raise refusals.invalid(f"Could not find a property named '{min(unknown)}' on type 'microsoft.graph.group'.")
    return web.json_response(entity(request, {name: shown[name] for name in names}, "groups"))


def _list(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    members = directory.members(request.match_info["group"])
    return users_page(directory, request, members, kind="directoryObjects")


def _join(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    directory.join(request.match_info["group"], referenced(body))
    return web.Response(status=204)


def _bind(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    if body.keys() - {"@odata.type"} != {BOUND}:
        raise refusals.invalid("Only 'members@odata.bind' is simulated of a group's changes.")
    directory.bind(request.match_info["group"], [named(url) for url in bound(body)])
    return web.Response(status=204)


def _leave(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    directory.leave(request.match_info["group"], request.match_info["key"])
    return web.Response(status=204)


def bound(body: Mapping[str, Any]) -> list[str]:
    """The references to new members that a change of a group holds."""
    urls = body.get(BOUND)
    return [str(url) for url in cast("list[Any]", urls)] if isinstance(urls, list) else []


_GROUP = "/v1.0/groups/{group}"
BOUND = "members@odata.bind"

MEMBER_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.groups.get", "GET", _GROUP): _group,
    ("graph.groups.update", "PATCH", _GROUP): _bind,
    ("graph.groups.members", "GET", f"{_GROUP}/members"): _list,
    ("graph.groups.join", "POST", f"{_GROUP}/members/$ref"): _join,
    ("graph.groups.leave", "DELETE", f"{_GROUP}/members/{{key}}/$ref"): _leave,
}
"""As (name, method, path)."""
