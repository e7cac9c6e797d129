"""Entra's token endpoint for client credentials, with the errors that were recorded from real directories.

An application shows its secret, or an assertion (see `assertions`). A managed identity is given its tokens by the Azure resource that it
belongs to (see `managed_identity`).
"""

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sandbox.simulators.graph.assertions import TYPE, ClientAssertions, Refused
from sandbox.simulators.graph.permissions import GRANTED


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for. `expires_at` in Unix seconds; `roles` are the permissions that the application had when it was given."""

    tenant_id: str
    client_id: str
    expires_at: float
    roles: frozenset[str] = GRANTED


class TokenIssuer:
    """Applications and the tokens that they were given."""

    def __init__(self, *, clock: Callable[[], float], lifetime: float, unknown_application: int) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._unknown_application = unknown_application
        self._secrets: dict[tuple[str, str], str] = {}
        self.assertions = ClientAssertions()
        self._tokens: dict[str, Grant] = {}
        self._granted: dict[tuple[str, str], frozenset[str]] = {}
        self._expired: set[tuple[str, str]] = set()

    def permit(self, tenant_id: str, client_id: str, roles: frozenset[str]) -> None:
        """These are the application permissions that were consented to, and no others; those of `GRANTED` unless it is said."""
        self._granted[tenant_id, client_id] = roles

    def expire(self, tenant_id: str, client_id: str) -> None:
        """The application's secrets are over."""
        self._expired.add((tenant_id, client_id))

    def register(self, tenant_id: str, client_id: str, secret: str) -> None:
        """An application with its secret; a second call replaces it."""
        self._secrets[tenant_id, client_id] = secret

    def revoke_all(self) -> None:
        """Every token is refused from now on."""
        self._tokens.clear()

    def exchange(self, tenant_id: str, form: Mapping[str, str], *, resource: str) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to a token request; `resource` is the only one that tokens are given for."""
        application = tenant_id, form.get("client_id", "")
        if form.get("grant_type") != "client_credentials":
            return refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if application not in self._secrets and not self.assertions.knows(application):
            return refused(
                400, "unauthorized_client", self._unknown_application, "Application was not found in the directory."
            )
        try:
            self._authenticate(application, form, resource)
        except Refused as refusal:
            return refused(401, refusal.error, refusal.number, refusal.text)
        if form.get("scope", "").rpartition("/")[0].rstrip("/") != resource:
            return refused(400, "invalid_resource", 500011, "The resource principal was not found in the tenant.")
        lifetime = int(self._lifetime)
        return 200, {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": self.give(*application, resource=resource),
        }

    def give(self, tenant_id: str, client_id: str, *, resource: str) -> str:
        """A token for an application that has proved who it is."""
        roles = self._granted.get((tenant_id, client_id), GRANTED)
        grant = Grant(tenant_id, client_id, self._clock() + self._lifetime, roles)
        token = _access_token(grant, resource)
        self._tokens[token] = grant
        return token

    def _authenticate(self, application: tuple[str, str], form: Mapping[str, str], resource: str) -> None:
        if assertion := form.get("client_assertion"):
            if form.get("client_assertion_type") != TYPE:
                raise Refused(70003, "The client assertion type is not supported.", "invalid_request")
            root = f"{resource}/{application[0]}"
            audiences = {f"{root}/oauth2/v2.0/token", f"{root}/v2.0"}
            self.assertions.check(application, assertion, audiences=audiences, now=self._clock())
        elif not form.get("client_secret"):
            raise Refused(7000218, "The request body must contain: 'client_assertion' or 'client_secret'.")
        elif not secrets.compare_digest(self._secrets.get(application, ""), form["client_secret"]):
            raise Refused(7000215, "Invalid client secret provided.")
        elif application in self._expired:
            raise Refused(7000222, "The provided client secret keys are expired.")

    def grant(self, authorization: str | None) -> Grant | None:
        """What the header's token stands for, if it is known and not over."""
        grant = self._tokens.get((authorization or "").removeprefix("Bearer "))
        return grant if grant and grant.expires_at > self._clock() else None


def _access_token(grant: Grant, resource: str) -> str:
    """A token of the form that Entra's have ("Access token claims reference"): without a permission it has no `roles`. It is not signed."""
    claims: dict[str, Any] = {
        "aud": resource,
        "appid": grant.client_id,
        "tid": grant.tenant_id,
        "exp": int(grant.expires_at),
        "idtyp": "app",
        **({"roles": sorted(grant.roles)} if grant.roles else {}),
    }
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "RS256"}, claims)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, secrets.token_bytes(32)))


def refused(status: int, error: str, code: int, text: str) -> tuple[int, dict[str, Any]]:
    """Status and body of an error answer of Entra's."""
    trace, correlation = str(uuid4()), str(uuid4())
    timestamp = "2026-01-01 00:00:00Z"
    return status, {
        "error": error,
        "error_description": f"AADSTS{code}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
        "error_codes": [code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }
