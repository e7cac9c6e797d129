"""Deleted users over HTTP: found, brought back, or deleted for good."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, entity, users_page


def _list(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    cast, known = request.path.rpartition("/")[2], directory.quirks.deleted_users_cast
    if known not in {"any", cast}:
        raise refusals.unknown_segment(cast)
    return users_page(directory, request, directory.deleted())


def _restore(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    user = directory.restore(request.match_info["key"])
    return web.json_response(entity(request, {"@odata.type": "#microsoft.graph.user", **user.shown(None)}))


def _purge(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    directory.purge(request.match_info["key"])
    return web.Response(status=204)


_DELETED = "/v1.0/directory/deletedItems"

DELETED_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.deleted.list", "GET", f"{_DELETED}/microsoft.graph.user"): _list,
    ("graph.deleted.list", "GET", f"{_DELETED}/graph.user"): _list,  # as Microsoft's own client writes it
    ("graph.deleted.restore", "POST", f"{_DELETED}/{{key}}/restore"): _restore,
    ("graph.deleted.purge", "DELETE", f"{_DELETED}/{{key}}"): _purge,
}
"""As (name, method, path)."""
