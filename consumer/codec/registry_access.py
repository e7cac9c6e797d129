"""How the registry is reached: its certificate and ours, its proxy, and the token that it asks for."""

import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from consumer.errors import Stop, Unavailable
from consumer.http.causes import explain
from consumer.http.client import tls_context
from consumer.http.proxy import DIRECT, Proxies
from consumer.settings import RegistryOAuth, RegistrySettings

_TIMEOUT = 5.0
_MARGIN = 60.0
"""Seconds before its end at which a token is not used any more; half of its life at most."""
_SHORTEST = 60.0
"""Seconds for which a token without a stated lifetime is kept."""


def open_client(
    settings: RegistrySettings, open_secret: Callable[[str], str], *, proxies: Proxies = DIRECT
) -> httpx.Client:
    """A client for the registry, with all that it asks for. Connects to nothing yet.

    Raises `Stop` where a secret, a key or a certificate cannot be opened.
    """
    headers: dict[str, str] = {}
    auth: httpx.Auth | None = None
    if settings.password:
        auth = httpx.BasicAuth(settings.username or "", open_secret(settings.password))
    elif settings.oauth:
        if settings.oauth.logical_cluster:
            headers["target-sr-cluster"] = settings.oauth.logical_cluster
        if settings.oauth.identity_pool:
            headers["Confluent-Identity-Pool-Id"] = settings.oauth.identity_pool
        auth = ClientCredentials(settings.oauth, open_secret, proxies=proxies)
    return httpx.Client(
        base_url=settings.url,
        auth=auth,
        headers=headers,
        verify=_context(settings, open_secret),
        proxy=proxies.of(settings.url),
        timeout=_TIMEOUT,
        trust_env=False,
    )


def _context(settings: RegistrySettings, open_secret: Callable[[str], str]) -> ssl.SSLContext:
    context = tls_context(settings.ca_file)
    if settings.client_certificate and settings.client_key:
        # Never None: OpenSSL would ask for a password at the terminal.
        password = open_secret(settings.client_key_password) if settings.client_key_password else ""
        try:
            context.load_cert_chain(settings.client_certificate, settings.client_key, password)
        except (OSError, ssl.SSLError) as error:
            raise Stop(
                "`registry.client_certificate` and `registry.client_key` cannot be read as a certificate and its key in PEM, "
                "or the key's password is wrong."
            ) from error
    return context


class ClientCredentials(httpx.Auth):
    """A token of the OAuth client, asked for when the last one is about to end, or was refused. Safe in any thread.

    The secret is opened for each token: a replaced one takes effect without a restart.
    """

    def __init__(
        self,
        settings: RegistryOAuth,
        open_secret: Callable[[str], str],
        *,
        proxies: Proxies = DIRECT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        open_secret(settings.client_secret)
        self._settings = settings
        self._open_secret = open_secret
        self._context = tls_context(settings.ca_file)
        self._proxy = proxies.of(settings.token_url)
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._fresh_until = 0.0

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """See httpx's `Auth`. Raises `Unavailable` where no token is given."""
        token = self._current()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self._current(refused=token)}"
            yield request

    def _current(self, *, refused: str | None = None) -> str:
        with self._lock:
            if self._token is None or self._token == refused or self._fresh_until <= self._clock():
                self._token, lifetime = self._ask()
                self._fresh_until = self._clock() + lifetime - min(_MARGIN, lifetime / 2)
            return self._token

    def _ask(self) -> tuple[str, float]:
        form = {"grant_type": "client_credentials"} | ({"scope": self._settings.scope} if self._settings.scope else {})
        try:
            headers = {"Authorization": self._basic(), "Accept": "application/json"}
            with httpx.Client(verify=self._context, proxy=self._proxy, timeout=_TIMEOUT, trust_env=False) as client:
                answer = client.post(self._settings.token_url, data=form, headers=headers)
            body = _object(answer)
        except Stop as stop:
            raise Unavailable(str(stop)) from stop
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unavailable(f"The schema registry's token endpoint can't be reached ({explain(error)}).") from error
        token, lifetime = body.get("access_token"), body.get("expires_in", _SHORTEST)
        if answer.status_code != HTTPStatus.OK or not isinstance(token, str) or not isinstance(lifetime, int | float):
            why = body.get("error")
            known = f", {why}" if isinstance(why, str) and why.isidentifier() else ""
            raise Unavailable(
                f"The schema registry's token endpoint issued no token (HTTP {answer.status_code}{known}).",
                code=str(answer.status_code),
            )
        return token, float(lifetime)

    def _basic(self) -> str:
        """RFC 6749, section 2.3.1: both are form-encoded first."""
        pair = quote(self._settings.client_id, safe=""), quote(self._open_secret(self._settings.client_secret), safe="")
        return f"Basic {b64encode(':'.join(pair).encode()).decode()}"


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    found: object = answer.json() if answer.content else {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
