"""Entra's token endpoint for client credentials, with the errors that were recorded from real directories."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


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
        self._applications: dict[tuple[str, str], str] = {}
        self._tokens: dict[str, Grant] = {}

    def register(self, tenant_id: str, client_id: str, secret: str) -> None:
        """An application with its secret."""
        self._applications[tenant_id, client_id] = secret

    def revoke_all(self) -> None:
        """Every token is refused from now on."""
        self._tokens.clear()

    def exchange(self, tenant_id: str, form: Mapping[str, str], *, resource: str) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to a token request; `resource` is the only one that tokens are given for."""
        client_id = form.get("client_id", "")
        if form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        secret = self._applications.get((tenant_id, client_id))
        if secret is None:
            return _refused(
                400, "unauthorized_client", self._unknown_application, "Application was not found in the directory."
            )
        if not secrets.compare_digest(secret, form.get("client_secret", "")):
            return _refused(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form.get("scope", "").rpartition("/")[0].rstrip("/") != resource:
            return _refused(400, "invalid_resource", 500011, "The resource principal was not found in the tenant.")
        token = secrets.token_urlsafe(32)
        self._tokens[token] = Grant(tenant_id, client_id, self._clock() + self._lifetime)
        lifetime = int(self._lifetime)
        return 200, {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}

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
