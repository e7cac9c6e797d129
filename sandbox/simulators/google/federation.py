"""What lets a service account be used without a key: workload identity pools, the token exchange, and signatures on request.

    token of a trusted issuer ──POST /v1/token──▶ federated token ──POST …:signJwt──▶ assertion of the service account

As Google describes it: Security Token Service API, `v1.token`; IAM Service Account Credentials API, `projects.serviceAccounts.signJwt`;
"Workload Identity Federation" for what a provider checks of a token.
"""

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.simulators.google.tokens import TokenIssuer, TokenRefusal
from sandbox.simulators.jwt import issued, parsed

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  a type
JWT = "urn:ietf:params:oauth:token-type:jwt"
SCOPES = frozenset({"https://www.googleapis.com/auth/iam", "https://www.googleapis.com/auth/cloud-platform"})
"""Each of which lets a token sign."""

_LIFETIME = 3_600
_LONGEST_SIGNED = 12 * 3_600
_LEEWAY = 300


class IamRefusal(Exception):
    """An error of Google's APIs: HTTP status, canonical code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": status, "message": message, "status": code}}


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider of a workload identity pool. `name` is its full resource name, which requests give as `audience`."""

    name: str
    issuer: str
    key: rsa.RSAPublicKey

    @property
    def audience(self) -> str:
        """What tokens must be meant for, where nothing else was allowed."""
        return f"https:{self.name}"


@dataclass(frozen=True, slots=True)
class _Federated:
    principal: str
    signs: bool
    expires_at: float


class Federation:
    """Unix seconds come from `clock`; the service accounts' signatures are known to `tokens`."""

    def __init__(self, tokens: TokenIssuer, *, clock: Callable[[], float]) -> None:
        self._tokens = tokens
        self._clock = clock
        self._providers: dict[str, Provider] = {}
        self._given: dict[str, _Federated] = {}
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._creators: set[tuple[str, str]] = set()

    def add(self, provider: Provider) -> None:
        """A provider whose tokens are exchanged."""
        self._providers[provider.name] = provider

    def create_service_account(self, email: str) -> None:
        """One whose only key is Google's own."""
        self._keys[email] = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self._tokens.register(email, self._keys[email].public_key())

    def allow(self, subject: str, email: str) -> None:
        """Grants Service Account Token Creator on the service account to a subject of any pool."""
        self._creators.add((subject, email))

    def revoke(self, subject: str, email: str) -> None:
        """Takes that role away."""
        self._creators.discard((subject, email))

    def exchange(self, form: Mapping[str, str], authorization: str | None) -> dict[str, Any]:
        """A federated token. Raises `TokenRefusal`."""
        if authorization is not None:
            raise TokenRefusal(400, "invalid_request", "The request must not have an Authorization header.")
        if form.get("grant_type") != GRANT_TYPE:
            raise TokenRefusal(400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}")
        if form.get("requested_token_type") != ACCESS_TOKEN or form.get("subject_token_type") != JWT:
            raise TokenRefusal(400, "invalid_request", "Invalid token type.")
        provider = self._providers.get(form.get("audience", ""))
        if provider is None:
            text = "The target service indicated by the audience parameters is invalid."
            raise TokenRefusal(400, "invalid_target", text)
        subject = self._subject(form.get("subject_token", ""), provider)
        return {
            "access_token": self.give(subject, form.get("scope", "").split()),
            "issued_token_type": ACCESS_TOKEN,
            "token_type": "Bearer",
            "expires_in": _LIFETIME,
        }

    def give(self, principal: str, scopes: Collection[str]) -> str:
        """A token for who has proved who it is, or for the service account of a machine, which its metadata server hands out."""
        token = f"ya29.d.{secrets.token_urlsafe(32)}"
        self._given[token] = _Federated(principal, bool(SCOPES & {*scopes}), self._clock() + _LIFETIME)
        return token

    def sign(self, email: str, authorization: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """The signed JWT. Raises `IamRefusal`."""
        federated = self._given.get((authorization or "").removeprefix("Bearer "))
        if federated is None or federated.expires_at <= self._clock():
            raise IamRefusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if not federated.signs:
            raise IamRefusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        key = self._keys.get(email)
        if key is None or (federated.principal, email) not in self._creators:
            text = "Permission 'iam.serviceAccounts.signJwt' denied on resource (or it may not exist)."
            raise IamRefusal(403, "PERMISSION_DENIED", text)
        claims = _claims(body.get("payload"))
        if float(claims.get("exp", 0)) > self._clock() + _LONGEST_SIGNED:
            raise IamRefusal(
                400, "INVALID_ARGUMENT", "The expiration time must be no more than 12 hours in the future."
            )
        ident = secrets.token_hex(20)
        return {"keyId": ident, "signedJwt": issued(claims, key, key_id=ident)}

    def _subject(self, text: str, provider: Provider) -> str:
        try:
            token = parsed(text)
            begins, expires = token.seconds("iat"), token.seconds("exp")
        except ValueError:
            raise TokenRefusal(400, "invalid_request", "Invalid value for subject_token.") from None
        now = self._clock()
        if token.text("iss") != provider.issuer:
            wrong = "The issuer in ID Token does not match the expected ones."
        elif not token.is_signed_by(provider.key):
            wrong = "Error connecting to the given credential's issuer, or the signature is invalid."
        elif provider.audience not in token.audiences:
            wrong = "The audience in ID Token does not match the expected audience."
        elif not begins - _LEEWAY <= now <= expires:
            wrong = "ID Token is stale to sign-in."
        else:
            return token.text("sub")
        raise TokenRefusal(400, "invalid_grant", wrong)


def _claims(payload: object) -> dict[str, Any]:
    try:
        claims: object = json.loads(str(payload))
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise IamRefusal(400, "INVALID_ARGUMENT", "The payload must be a serialized JSON object with a JWT Claims Set.")
    return cast("dict[str, Any]", claims)
