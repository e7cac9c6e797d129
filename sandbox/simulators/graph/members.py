"""Groups over HTTP: what they are, and who joins and leaves them."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, entity, referenced, users_page


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


def _leave(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    directory.leave(request.match_info["group"], request.match_info["key"])
    return web.Response(status=204)


_GROUP = "/v1.0/groups/{group}"

MEMBER_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.groups.get", "GET", _GROUP): _group,
    ("graph.groups.members", "GET", f"{_GROUP}/members"): _list,
    ("graph.groups.join", "POST", f"{_GROUP}/members/$ref"): _join,
    ("graph.groups.leave", "DELETE", f"{_GROUP}/members/{{key}}/$ref"): _leave,
}
"""As (name, method, path)."""
