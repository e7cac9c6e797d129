"""Graph's API and Entra's endpoints as HTTP requests and answers."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

from aiohttp import web

from sandbox.simulators.graph import managed_identity, permissions, refusals
from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.filters import parsed
from sandbox.simulators.graph.pages import Act, collection, is_advanced, root
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.graph.roles import ROLE_ROUTES
from sandbox.simulators.graph.tokens import refused
from sandbox.simulators.graph.user import User
from sandbox.simulators.request_handler import NOTES, Handler

_DELETED = "/v1.0/directory/deletedItems"


def handlers(api: GraphApi) -> Mapping[tuple[str, str, str], Handler]:
    """Every route as (name, method, path), and what answers it."""
    acts: Mapping[tuple[str, str, str], Act] = {
        ("graph.users.create", "POST", "/v1.0/users"): _create,
        ("graph.users.list", "GET", "/v1.0/users"): _list,
        ("graph.users.get", "GET", "/v1.0/users/{key}"): _get,
        ("graph.users.update", "PATCH", "/v1.0/users/{key}"): _update,
        ("graph.users.delete", "DELETE", "/v1.0/users/{key}"): _delete,
        ("graph.users.assignLicense", "POST", "/v1.0/users/{key}/assignLicense"): _assign,
        ("graph.groups.get", "GET", "/v1.0/groups/{group}"): _group,
        ("graph.groups.join", "POST", "/v1.0/groups/{group}/members/$ref"): _join,
        ("graph.subscribedSkus.list", "GET", "/v1.0/subscribedSkus"): _skus,
        ("graph.deleted.list", "GET", f"{_DELETED}/microsoft.graph.user"): _list_deleted,
        ("graph.deleted.restore", "POST", f"{_DELETED}/{{key}}/restore"): _restore,
        **ROLE_ROUTES,
    }
    table: dict[tuple[str, str, str], Handler] = {
        ("entra.discovery", "GET", "/{tenant}/v2.0/.well-known/openid-configuration"): partial(_discovery, api),
        ("entra.realm", "GET", "/common/userrealm/{user}"): partial(_realm, api),
        ("entra.token", "POST", "/{tenant}/oauth2/v2.0/token"): partial(_token, api),
        **managed_identity.handlers(api.machine),
    }
    for route, act in acts.items():
        table[route] = partial(_answer, api, route[0], act)
    return table


def observers(api: GraphApi) -> Mapping[tuple[str, str], Callable[[web.Request], Awaitable[web.StreamResponse]]]:
    """What lets a test or a demo look in, as (method, path)."""
    return {
        ("GET", "/_simulator/graph/users"): partial(_users, api),
        ("POST", "/_simulator/graph/sign-in"): partial(_sign_in, api),
    }


def whose(api: GraphApi, request: web.Request) -> Mapping[str, Any]:
    """The directory that the token opens, or that a token is asked for, and the application."""
    grant = api.tokens.grant(request.headers.get("Authorization"))
    if grant is not None:
        return {"tenant": grant.tenant_id, "credential": grant.client_id}
    return {"tenant": tenant} if (tenant := request.match_info.get("tenant")) else {}


async def _answer(api: GraphApi, route: str, act: Act, request: web.Request) -> web.Response:
    try:
        authorization = request.headers.get("Authorization")
        directory = api.authorise(authorization, writes=request.method != "GET")
        body = await _body(request)
        if grant := api.tokens.grant(authorization):
            permissions.check(route, grant.roles, body)
        try:
            return act(directory, request, body)
        finally:
            _note(request, directory.known(request.match_info.get("key") or _member(body)))
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)


def _create(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    user = directory.create(body)
    _note(request, user)
    location = f"{root(request)}/directoryObjects/{user.id}/Microsoft.DirectoryServices.User"
    return web.json_response(_entity(request, user.shown(None)), status=201, headers={"Location": location})


def _get(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    user = directory.get(request.match_info["key"])
    return web.json_response(_entity(request, user.shown(request.query.get("$select"))))


def _list(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    return _users_page(directory, request, directory.live())


def _list_deleted(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    return _users_page(directory, request, directory.deleted())


def _users_page(directory: Directory, request: web.Request, users: Iterable[User]) -> web.Response:
    condition = request.query.get("$filter", "")
    matches = parsed(condition, advanced=is_advanced(request), extensions=directory.extensions)
    select = request.query.get("$select")
    return collection(directory, request, "users", [user.shown(select) for user in users if matches(user)])


def _update(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    directory.update(request.match_info["key"], body)
    return web.Response(status=204)


def _delete(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    directory.delete(request.match_info["key"])
    return web.Response(status=204)


def _restore(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    user = directory.restore(request.match_info["key"])
    return web.json_response(_entity(request, {"@odata.type": "#microsoft.graph.user", **user.shown(None)}))


def _assign(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    add, remove = body.get("addLicenses"), body.get("removeLicenses")
    if not isinstance(add, list) or not isinstance(remove, list):
        raise refusals.invalid(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload."
        )
    skus = [str(cast("dict[str, Any]", licence).get("skuId")) for licence in cast("list[Any]", add)]
    user = directory.assign(request.match_info["key"], skus, [str(sku) for sku in cast("list[Any]", remove)])
    return web.json_response(_entity(request, user.shown(None)))


def _skus(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
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


def _join(directory: Directory, request: web.Request, body: dict[str, Any]) -> web.Response:
    directory.join(request.match_info["group"], _member(body))
    return web.Response(status=204)


def _group(directory: Directory, request: web.Request, _body: dict[str, Any]) -> web.Response:
    shown = directory.group(request.match_info["group"])
    selected = request.query.get("$select")
    names = selected.split(",") if selected else list(shown)
    if unknown := set(names) - shown.keys():
        raise refusals.invalid(f"Could not find a property named '{min(unknown)}' on type 'microsoft.graph.group'.")
    context = {"@odata.context": f"{root(request)}/$metadata#groups/$entity"}
    return web.json_response({**context, **{name: shown[name] for name in names}})


async def _discovery(api: GraphApi, request: web.Request) -> web.Response:
    """A directory's metadata, by its id or by one of its verified domains ("OpenID Connect on the Microsoft identity platform")."""
    name = request.match_info["tenant"]
    tenant = api.directory_of(name)
    if tenant is None:
        text = f"Tenant '{name}' not found. Check to make sure you have the correct tenant ID."
        status, body = refused(400, "invalid_tenant", 90002, text)
        return web.json_response(body, status=status)
    at = f"{request.scheme}://{request.host}/{tenant}"
    return web.json_response(
        {
            "issuer": f"{at}/v2.0",
            "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
            "token_endpoint": f"{at}/oauth2/v2.0/token",
        }
    )


async def _realm(api: GraphApi, request: web.Request) -> web.Response:
    """Where a domain's users sign in, as MSAL asks it (`user_realm_discovery`)."""
    domain = request.match_info["user"].rpartition("@")[2].lower()
    tenant = api.directory_of(domain)
    kind = "Unknown"
    if tenant is not None:
        kind = "Federated" if domain in api.directories[tenant].federated else "Managed"
    return web.json_response({"ver": "1.0", "account_type": kind, "domain_name": domain})


async def _token(api: GraphApi, request: web.Request) -> web.Response:
    form = {name: str(value) for name, value in (await request.post()).items()}
    if NOTES in request:
        request[NOTES]["credential"] = form.get("client_id")
    status, body = api.tokens.exchange(
        request.match_info["tenant"], form, resource=f"{request.scheme}://{request.host}"
    )
    return web.json_response(body, status=status)


async def _users(api: GraphApi, _request: web.Request) -> web.Response:
    """Every user, deleted ones too, for other processes. No part of Graph."""
    return web.json_response({"users": api.to_json()})


async def _sign_in(api: GraphApi, request: web.Request) -> web.Response:
    """Tries `address` and `password` as a person would at the sign-in page. No part of Graph."""
    body = await _body(request)
    address, password = str(body.get("address", "")), str(body.get("password", ""))
    let_in = any(directory.sign_in(address, password) for directory in api.directories.values())
    return web.json_response({"signed_in": let_in})


def _entity(request: web.Request, shown: dict[str, Any]) -> dict[str, Any]:
    return {"@odata.context": f"{root(request)}/$metadata#users/$entity", **shown}


def _member(body: Mapping[str, Any]) -> str:
    return str(body.get("@odata.id", "")).rpartition("/")[2]


def _note(request: web.Request, user: User | None) -> None:
    if user is not None and NOTES in request:
        request[NOTES].update(object_id=user.id, address=user.upn, marker=user.marker)


async def _body(request: web.Request) -> dict[str, Any]:
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
