"""Entra's token endpoint for client credentials, with the errors that were recorded from real directories.

An application shows its secret, or an assertion (see `assertions`). A managed identity is given its tokens by the Azure resource that it
belongs to (see `managed_identity`).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from consumer.simulators.graph.assertions import TYPE, ClientAssertions, Refused


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for. `expires_at` in Unix seconds."""

    tenant_id: str
    client_id: str
    expires_at: float


class TokenIssuer:
    """Applications and the tokens that they were given."""

    def __init__(self, *, clock: Callable[[], float], lifetime: float, unknown_application: int) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._unknown_application = unknown_application
        self._secrets: dict[tuple[str, str], str] = {}
        self.assertions = ClientAssertions()
        self._tokens: dict[str, Grant] = {}

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
            return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        if application not in self._secrets and not self.assertions.knows(application):
            return _refused(
                400, "unauthorized_client", self._unknown_application, "Application was not found in the directory."
            )
        try:
            self._authenticate(application, form, resource)
        except Refused as refused:
            return _refused(401, refused.error, refused.number, refused.text)
        if form.get("scope", "").rpartition("/")[0].rstrip("/") != resource:
            return _refused(400, "invalid_resource", 500011, "The resource principal was not found in the tenant.")
        lifetime = int(self._lifetime)
        return 200, {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": self.give(*application),
        }

    def give(self, tenant_id: str, client_id: str) -> str:
        """A token for an application that has proved who it is."""
        token = secrets.token_urlsafe(32)
        self._tokens[token] = Grant(tenant_id, client_id, self._clock() + self._lifetime)
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

    def grant(self, authorization: str | None) -> Grant | None:
        """What the header's token stands for, if it is known and not over."""
        grant = self._tokens.get((authorization or "").removeprefix("Bearer "))
        return grant if grant and grant.expires_at > self._clock() else None


def _refused(status: int, error: str, code: int, text: str) -> tuple[int, dict[str, Any]]:
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
