"""Who may ask the registry: users by name and password, and clients with a token of its own OAuth token endpoint.

The endpoint is RFC 6749's (sections 2.3.1, 4.4 and 5.2). Confluent Cloud also wants to know which registry and which identity pool a token
is for ("OAuth Configuration Reference for Confluent Cloud Clients"); its clients say so by `target-sr-cluster` and
`Confluent-Identity-Pool-Id`. Certificates are the TLS server's matter: `Authority.server_context`.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import unquote_plus

from aiohttp import web

from sandbox.simulators.request_handler import Handler

TOKEN_PATH = "/oauth/token"  # noqa: S105  an address


class RegistryGate:
    """Asks for what was registered; with nothing registered, for nothing. Unix seconds come from `clock`.

    Tokens live for `lifetime` seconds; `headers` are those that a request with a token must have, with their values.
    """

    def __init__(
        self, *, clock: Callable[[], float], lifetime: float = 3_600, headers: Mapping[str, str] | None = None
    ) -> None:
        self.users: dict[str, str] = {}
        self.clients: dict[str, str] = {}
        self.scope: str | None = None
        self.given = 0
        self._clock = clock
        self._lifetime = lifetime
        self._headers = headers or {}
        self._tokens: dict[str, float] = {}

    def guarded(self, handlers: Mapping[tuple[str, str, str], Handler]) -> Mapping[tuple[str, str, str], Handler]:
        """The registry's routes behind this gate, and the token endpoint."""
        table: dict[tuple[str, str, str], Handler] = {
            route: partial(self._pass, handler) for route, handler in handlers.items()
        }
        table["registry.token", "POST", TOKEN_PATH] = self._token
        return table

    def revoke_all(self) -> None:
        """Makes every token that was given out invalid at once."""
        self._tokens.clear()

    async def _pass(self, handler: Handler, request: web.Request) -> web.StreamResponse:
        if self._may(request):
            return await handler(request)
        return web.json_response({"error_code": 401, "message": "Unauthorized"}, status=401)

    def _may(self, request: web.Request) -> bool:
        if not self.users and not self.clients:
            return True
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            return _matches(self.users, _pair(shown))
        meant = all(request.headers.get(name) == value for name, value in self._headers.items())
        return scheme == "Bearer" and meant and self._tokens.get(shown, 0.0) > self._clock()

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
        name, password = _pair(shown) if scheme == "Basic" else ("", "")
        if not _matches(self.clients, (unquote_plus(name), unquote_plus(password))):
            return web.json_response({"error": "invalid_client"}, status=401, headers={"WWW-Authenticate": "Basic"})
        if form.get("grant_type") != "client_credentials":
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if self.scope is not None and form.get("scope") != self.scope:
            return web.json_response({"error": "invalid_scope"}, status=400)
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock() + self._lifetime
        self.given += 1
        return web.json_response({"access_token": token, "token_type": "Bearer", "expires_in": self._lifetime})


def _pair(shown: str) -> tuple[str, str]:
    try:
        name, _, password = base64.b64decode(shown, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


def _matches(known: Mapping[str, str], pair: tuple[str, str]) -> bool:
    name, password = pair
    return name in known and secrets.compare_digest(known[name].encode(), password.encode())
