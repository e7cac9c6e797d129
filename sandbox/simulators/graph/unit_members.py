"""Administrative units over HTTP: what they are, who is in them, and who joins and leaves."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, collection, entity, referenced


def _unit(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    shown = directory.units.shown(request.match_info["unit"])
    selected = request.query.get("$select")
    names = selected.split(",") if selected else list(shown)
    if unknown := set(names) - shown.keys():
        raise refusals.invalid(
            f"Could not find a property named '{min(unknown)}' on type 'microsoft.graph.administrativeUnit'."
        )
    return web.json_response(entity(request, {name: shown[name] for name in names}, "administrativeUnits"))


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


_UNIT = "/v1.0/directory/administrativeUnits/{unit}"
_MEMBERS = f"{_UNIT}/members"

UNIT_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.units.get", "GET", _UNIT): _unit,
    ("graph.units.list", "GET", _MEMBERS): _list,
    ("graph.units.join", "POST", f"{_MEMBERS}/$ref"): _join,
    ("graph.units.leave", "DELETE", f"{_MEMBERS}/{{key}}/$ref"): _leave,
}
"""As (name, method, path)."""
