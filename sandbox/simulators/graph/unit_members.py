"""Administrative units over HTTP: who is in them, who joins and leaves, and users who are created inside."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, collection, entity, note, referenced
from sandbox.simulators.graph.units import user_in


def _create(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    user = directory.create(user_in(body), unit=request.match_info["unit"])
    note(request, user)
    shown = {"@odata.type": "#microsoft.graph.user", **user.shown(None)}
    return web.json_response(entity(request, shown, "directoryObjects"), status=201)


def _list(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    inside = directory.units.members(request.match_info["unit"])
    select = request.query.get("$select")
    rows = [
        {"@odata.type": "#microsoft.graph.user", **user.shown(select)} for user in directory.live() if user.id in inside
    ]
    return collection(directory, request, "directoryObjects", rows)


def _join(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    directory.join_unit(request.match_info["unit"], referenced(body))
    return web.Response(status=204)


def _leave(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    directory.leave_unit(request.match_info["unit"], request.match_info["key"])
    return web.Response(status=204)


_MEMBERS = "/v1.0/directory/administrativeUnits/{unit}/members"

UNIT_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.units.create", "POST", _MEMBERS): _create,
    ("graph.units.list", "GET", _MEMBERS): _list,
    ("graph.units.join", "POST", f"{_MEMBERS}/$ref"): _join,
    ("graph.units.leave", "DELETE", f"{_MEMBERS}/{{key}}/$ref"): _leave,
}
"""As (name, method, path)."""
