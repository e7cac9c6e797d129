"""The endpoints at which an Azure resource is given tokens for its managed identities.

Instance Metadata Service of a virtual machine ("How to use managed identities for Azure resources on an Azure VM to acquire an access
token") and App Service ("REST endpoint reference" of "Use managed identities for App Service"). Both refuse a call without their header: a
request that an attacker had the service make cannot carry it.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from sandbox.simulators.graph.tokens import TokenIssuer
from sandbox.simulators.request_handler import Handler

_LIFETIME = 86_400
"""Seconds: tokens of managed identities live for a day."""


@dataclass(frozen=True, slots=True)
class _Identity:
    tenant_id: str
    client_id: str


class AzureResource:
    """What one Azure resource has: at most one identity of its own, others that were assigned to it, and App Service's header."""

    def __init__(self, tokens: TokenIssuer, *, clock: Callable[[], float]) -> None:
        self.identity_header = secrets.token_hex(16)
        self._tokens = tokens
        self._clock = clock
        self._own: _Identity | None = None
        self._assigned: dict[str, _Identity] = {}

    def assign(self, tenant_id: str, client_id: str, *, system: bool = False) -> None:
        """Gives it an identity of a directory."""
        identity = _Identity(tenant_id, client_id)
        if system:
            self._own = identity
        else:
            self._assigned[client_id] = identity

    def token(self, query: Mapping[str, str], *, resource: str) -> str | None:
        """A token for the identity that the query means; None where there is no such one, or for another resource."""
        wanted = query.get("client_id")
        identity = self._assigned.get(wanted) if wanted else self._own
        if identity is None or query.get("resource", "").rstrip("/") != resource:
            return None
        return self._tokens.give(identity.tenant_id, identity.client_id, resource=resource)

    def expires_on(self) -> int:
        """When a token that is given now ends."""
        return int(self._clock()) + _LIFETIME


def handlers(machine: AzureResource) -> Mapping[tuple[str, str, str], Handler]:
    """Both endpoints as (name, method, path), and what answers them."""
    return {
        ("azure.imds", "GET", "/metadata/identity/oauth2/token"): partial(_imds, machine),
        ("azure.app_service", "GET", "/msi/token"): partial(_app_service, machine),
    }


async def _imds(machine: AzureResource, request: web.Request) -> web.Response:
    if request.headers.get("Metadata") != "true" or "X-Forwarded-For" in request.headers:
        return _refused("bad_request_102", "Required metadata header not specified")
    if request.query.get("api-version", "") < "2018-02-01":
        return _refused("bad_request", "api-version is missing or not supported")
    token = machine.token(request.query, resource=_root(request))
    if token is None:
        return _refused("invalid_request", "Identity not found")
    body = {
        **_given(token, request, machine),
        "expires_in": str(_LIFETIME),
        "client_id": request.query.get("client_id"),
    }
    return web.json_response(body)


async def _app_service(machine: AzureResource, request: web.Request) -> web.Response:
    if not secrets.compare_digest(request.headers.get("X-IDENTITY-HEADER", ""), machine.identity_header):
        return web.json_response({"statusCode": 401, "message": "The identity header is missing or wrong."}, status=401)
    token = machine.token(request.query, resource=_root(request))
    if request.query.get("api-version") != "2019-08-01" or token is None:
        return web.json_response(
            {"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found"}, status=400
        )
    return web.json_response(_given(token, request, machine))


def _given(token: str, request: web.Request, machine: AzureResource) -> Mapping[str, Any]:
    return {
        "access_token": token,
        "expires_on": str(machine.expires_on()),
        "resource": request.query["resource"],
        "token_type": "Bearer",
    }


def _refused(error: str, description: str) -> web.Response:
    return web.json_response({"error": error, "error_description": description}, status=400)


def _root(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"
