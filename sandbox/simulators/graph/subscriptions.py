"""Licences over HTTP: which there are, and who is assigned which."""

from collections.abc import Mapping
from typing import Any, cast

from aiohttp import web

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.pages import Act, collection, entity


def _assign(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    add, remove = body.get("addLicenses"), body.get("removeLicenses")
    if not isinstance(add, list) or not isinstance(remove, list):
        raise refusals.invalid(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload."
        )
    skus = [str(cast("dict[str, Any]", licence).get("skuId")) for licence in cast("list[Any]", add)]
    user = directory.assign(request.match_info["key"], skus, [str(sku) for sku in cast("list[Any]", remove)])
    return web.json_response(entity(request, user.shown(None)))


def _list(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    rows: list[dict[str, Any]] = []
    for sku, left in directory.stock.items():
        used = directory.consumed(sku)
        bought, suspended = left + used, sku in directory.suspended
        units = {
            "enabled": 0 if suspended else bought,
            "lockedOut": 0,
            "suspended": bought if suspended else 0,
            "warning": 0,
        }
        rows.append(
            {
                "id": sku,
                "skuId": sku,
                "skuPartNumber": "STANDARDWOFFPACK_STUDENT",
                "appliesTo": "User",
                "capabilityStatus": "Suspended" if suspended else "Enabled",
                "consumedUnits": used,
                "prepaidUnits": units,
            }
        )
    select = request.query.get("$select")
    names = select.split(",") if select else None
    shown = [row if names is None else {name: row.get(name) for name in names} for row in rows]
    return collection(directory, request, "subscribedSkus", shown)


LICENCE_ROUTES: Mapping[tuple[str, str, str], Act] = {
    ("graph.users.assignLicense", "POST", "/v1.0/users/{key}/assignLicense"): _assign,
    ("graph.subscribedSkus.list", "GET", "/v1.0/subscribedSkus"): _list,
}
"""As (name, method, path)."""
