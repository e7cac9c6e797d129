"""The token endpoint: service accounts, what each customer delegated to them, and the tokens that were given out.

    assertion (RS256, by the service account's key) ──▶ access token ──▶ Grant(service account, administrator, scopes)

The grant is RFC 7523's. The audience is what google-auth writes, whatever its `token_uri` is.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from sandbox.simulators.jwt import parsed

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCES = frozenset({"https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"})

_LIFETIME = 3_600
_LEEWAY = 300


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for. `expires_at` in Unix seconds."""

    service_account: str
    subject: str
    scopes: frozenset[str]
    expires_at: float


class TokenRefusal(Exception):
    """An OAuth error (RFC 6749, section 5.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        return {"error": self.error, "error_description": self.description}


def _invalid_grant(description: str) -> TokenRefusal:
    return TokenRefusal(400, "invalid_grant", description)


class TokenIssuer:
    """Knows the service accounts and, for each administrator, what was delegated. Unix seconds come from `clock`.

    `delegated(subject, service_account)` gives the scopes that the subject's customer delegated to the service account, or
    None where no customer has such a user.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        delegated: Callable[[str, str], Collection[str] | None],
        unauthorized_status: int = 401,
    ) -> None:
        self._clock = clock
        self._delegated = delegated
        self._unauthorized_status = unauthorized_status
        self._keys: dict[str, RSAPublicKey] = {}
        self._grants: dict[str, Grant] = {}

    def register(self, service_account: str, public_key: RSAPublicKey) -> None:
        """Makes the service account known; a second call replaces its key."""
        self._keys[service_account] = public_key

    def exchange(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A token for an assertion. Raises `TokenRefusal`."""
        if form.get("grant_type") != GRANT_TYPE:
            raise TokenRefusal(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        claims = self._verified(form.get("assertion", ""))
        scopes = str(claims.get("scope", "")).split()
        token = self.give(str(claims["iss"]), str(claims.get("sub", "")), scopes)
        return {"access_token": token, "expires_in": _LIFETIME - 1, "token_type": "Bearer"}

    def give(self, service_account: str, subject: str, scopes: Collection[str]) -> str:
        """A token for a service account that has proved who it is, as far as it may act. Raises `TokenRefusal`."""
        delegated = self._delegated(subject, service_account)
        if delegated is None:
            raise _invalid_grant("Invalid email or User ID")
        if not scopes or not set(scopes) <= set(delegated):
            raise TokenRefusal(
                self._unauthorized_status,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of"
                " the scopes requested.",
            )
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self._grants[token] = Grant(service_account, subject, frozenset(scopes), self._clock() + _LIFETIME)
        return token

    def grant(self, authorization: str | None) -> Grant | None:
        """What the header's token stands for; None where it is missing, unknown, revoked or has expired."""
        scheme, _, token = (authorization or "").partition(" ")
        grant = self._grants.get(token.strip()) if scheme.lower() == "bearer" else None
        return grant if grant and grant.expires_at > self._clock() else None

    def revoke_all(self) -> None:
        """Makes every token that was given out invalid at once."""
        self._grants.clear()

    def _verified(self, assertion: str) -> Mapping[str, Any]:
        try:
            token = parsed(assertion)
            issued, expires = token.seconds("iat"), token.seconds("exp")
        except ValueError:
            raise _invalid_grant("Bad Request") from None
        key = self._keys.get(token.text("iss"))
        if key is None:
            raise _invalid_grant("Invalid grant: account not found")
        if token.algorithm != "RS256":
            raise _invalid_grant("Invalid JWT: unsupported signature algorithm.")
        if not token.is_signed_by(key):
            raise _invalid_grant("Invalid JWT Signature.")
        if token.claims.get("aud") not in AUDIENCES:
            raise _invalid_grant("Invalid JWT: Failed audience check.")
        now = self._clock()
        if not (issued - _LEEWAY <= now <= expires) or expires - issued > _LIFETIME + _LEEWAY:
            raise _invalid_grant(
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
                " Check your iat and exp values in the JWT claim."
            )
        return token.claims
