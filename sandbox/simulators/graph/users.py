"""Users over HTTP: creation, reading, changes, deletion, and the end of their sessions."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, entity, note, root, users_page

_SENSITIVE = {
    "accountEnabled",
    "businessPhones",
    "mobilePhone",
    "onPremisesImmutableId",
    "otherMails",
    "passwordProfile",
    "userPrincipalName",
}


def _create(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    user = directory.create(body)
    note(request, user)
    location = f"{root(request)}/directoryObjects/{user.id}/Microsoft.DirectoryServices.User"
    return web.json_response(entity(request, user.shown(None)), status=201, headers={"Location": location})


def _get(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    user = directory.get(request.match_info["key"])
    return web.json_response(entity(request, user.shown(request.query.get("$select"))))


def _list(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    return users_page(directory, request, directory.live())


def _count(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    if request.headers.get("ConsistencyLevel", "").lower() != "eventual":
        raise refusals.invalid("$count is not currently supported.")
    return web.Response(text=str(sum(1 for _ in directory.live())))


def _update(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    """Of an administrator, no permission is enough for sensitive properties (the page "Working with users", "Sensitive actions")."""
    user = directory.known(request.match_info["key"])
    if user is not None and user.roles and _SENSITIVE & body.keys():
        raise refusals.denied()
    directory.update(request.match_info["key"], body)
    return web.Response(status=204)


def _delete(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    """No permission is enough for an administrator (the page "Delete a user"): the application would need a role itself."""
    user = directory.known(request.match_info["key"])
    if user is not None and user.roles:
        raise refusals.denied()
    directory.delete(request.match_info["key"])
    return web.Response(status=204)


def _revoke(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    directory.revoke_sessions(request.match_info["key"])
    if directory.quirks.revocation_status == HTTPStatus.NO_CONTENT:
        return web.Response(status=204)
    return web.json_response({"@odata.context": f"{root(request)}/$metadata#Edm.Boolean", "value": True})


_USER = "/v1.0/users/{key}"

USER_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.users.create", "POST", "/v1.0/users"): _create,
    ("graph.users.list", "GET", "/v1.0/users"): _list,
    ("graph.users.count", "GET", "/v1.0/users/$count"): _count,
    ("graph.users.get", "GET", _USER): _get,
    ("graph.users.update", "PATCH", _USER): _update,
    ("graph.users.delete", "DELETE", _USER): _delete,
    ("graph.users.revokeSignInSessions", "POST", f"{_USER}/revokeSignInSessions"): _revoke,
}
"""As (name, method, path)."""
