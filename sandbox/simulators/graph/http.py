"""Graph's API and Entra's endpoints as HTTP requests and answers."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.simulators.graph import managed_identity, permissions
from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.batch import Batch
from sandbox.simulators.graph.deleted_items import DELETED_ROUTES
from sandbox.simulators.graph.members import MEMBER_ROUTES, bound
from sandbox.simulators.graph.pages import Act, json_body, note, referenced
from sandbox.simulators.graph.refusals import Refusal
from sandbox.simulators.graph.roles import ROLE_ROUTES
from sandbox.simulators.graph.subscriptions import LICENCE_ROUTES
from sandbox.simulators.graph.tokens import refused
from sandbox.simulators.graph.unit_members import UNIT_ROUTES
from sandbox.simulators.graph.users import USER_ROUTES
from sandbox.simulators.request_handler import NOTES, Handler


def handlers(api: GraphApi) -> Mapping[tuple[str, str, str], Handler]:
    """Every route as (name, method, path), and what answers it."""
    acts: Mapping[tuple[str, str, str], Act] = {
        **USER_ROUTES,
        **DELETED_ROUTES,
        **LICENCE_ROUTES,
        **MEMBER_ROUTES,
        **UNIT_ROUTES,
        **ROLE_ROUTES,
    }
    table: dict[tuple[str, str, str], Handler] = {
        ("entra.discovery", "GET", "/{tenant}/v2.0/.well-known/openid-configuration"): partial(_discovery, api),
        ("entra.realm", "GET", "/common/userrealm/{user}"): partial(_realm, api),
        ("entra.token", "POST", "/{tenant}/oauth2/v2.0/token"): partial(_token, api),
        **managed_identity.handlers(api.machine),
    }
    inside = {route: partial(_answer, api, route[0], act) for route, act in acts.items()}
    table |= inside
    table["graph.batch", "POST", "/v1.0/$batch"] = Batch(api, inside).answer
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
        grant = api.authorise(request.headers.get("Authorization"))
        writes = request.method != "GET"
        body = await json_body(request)
        headers = api.quota.charge(grant, route, writes=writes, query=request.query, bound=len(bound(body)))
        permissions.check(route, grant.roles, body)
        directory = api.directories[grant.tenant_id]
        try:
            answer = act(directory, request, body)
        finally:
            note(request, directory.known(request.match_info.get("key") or referenced(body)))
    except Refusal as refusal:
        return web.json_response(refusal.body, status=refusal.status, headers=refusal.headers)
    answer.headers.update(headers)
    return answer


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
    body = await json_body(request)
    address, password = str(body.get("address", "")), str(body.get("password", ""))
    let_in = any(directory.sign_in(address, password) for directory in api.directories.values())
    return web.json_response({"signed_in": let_in})
