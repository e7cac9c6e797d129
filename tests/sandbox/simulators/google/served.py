"""A simulator that is being served, Google's own clients for it, and the discovery document to hold its answers to."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from google.oauth2 import service_account

from sandbox.simulators.google.api import DirectoryApi
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.http import handlers, observers
from sandbox.simulators.google.scopes import DOMAIN_READ, GROUP, LICENSING, MEMBER, ORG_UNIT, USER, USER_SECURITY
from sandbox.simulators.request_handler import Handler
from tests.contracts.described import GOOGLE, GOOGLE_LICENSING, problems

# Neither package has types; everything that comes out of them is checked against the discovery document instead.
discovery: Any = import_module("googleapiclient.discovery")
client_errors: Any = import_module("googleapiclient.errors")
httplib2: Any = import_module("httplib2")
google_auth_httplib2: Any = import_module("google_auth_httplib2")

ACCOUNT = "provisioner@project.iam.gserviceaccount.com"
ADMIN = "admin@academy.example"
NEW = {
    "primaryEmail": "maria.borg@academy.example",
    "name": {"givenName": "Maria", "familyName": "Borġ"},
    "password": "correct horse",
    "externalIds": [{"type": "custom", "customType": "provisioner", "value": "S1"}],
    "changePasswordAtNextLogin": True,
}


@dataclass
class RealClock:
    """Real Unix seconds (google-auth dates its assertions itself), or as far ahead of them as a test says."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return datetime.now(UTC).timestamp() + self.ahead


@dataclass
class Google:
    """A simulator that is being served, and the clients that talk to it. `driven` are the routes that were called, by name."""

    api: DirectoryApi
    customer: Customer
    url: str
    key: RSAPrivateKey
    clock: RealClock
    driven: set[str] = field(default_factory=set[str])
    opened: list[Any] = field(default_factory=list[Any])

    def credentials(self, *, subject: str = ADMIN, scopes: tuple[str, ...] = (USER, GROUP), key: Any = None) -> Any:
        pem = (key or self.key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        info = {"client_email": ACCOUNT, "private_key": pem, "token_uri": f"{self.url}/token"}
        made: Any = service_account.Credentials
        return made.from_service_account_info(info, scopes=list(scopes), subject=subject)

    def client(self, **named: Any) -> Any:
        return self._built("admin", "directory_v1", **named)

    def licensing(self) -> Any:
        return self._built("licensing", "v1", scopes=(LICENSING,)).licenseAssignments()

    def _built(self, api: str, version: str, **named: Any) -> Any:
        http = google_auth_httplib2.AuthorizedHttp(self.credentials(**named), http=self._http())
        options = {"api_endpoint": self.url}
        client = discovery.build(api, version, http=http, static_discovery=True, client_options=options)
        self.opened.append(client)
        return client

    async def refreshed(self, **named: Any) -> Any:
        credentials, http = self.credentials(**named), self._http()
        self.opened.append(http)
        await asyncio.to_thread(credentials.refresh, google_auth_httplib2.Request(http))
        return credentials

    @staticmethod
    def _http() -> Any:
        return httplib2.Http(timeout=5, proxy_info=None)


@asynccontextmanager
async def served(key: RSAPrivateKey) -> AsyncGenerator[Google]:
    """One customer with an administrator, a teacher and a group; the service account has all scopes. `key` is its own."""
    clock = RealClock()
    api = DirectoryApi(clock=clock)
    api.tokens.register(ACCOUNT, key.public_key())
    customer = api.add_customer("C01", ["academy.example"])
    customer.delegate(ACCOUNT, [USER, USER_SECURITY, GROUP, MEMBER, ORG_UNIT, DOMAIN_READ, LICENSING])
    customer.add_user(ADMIN, is_admin=True)
    customer.add_user("teacher@academy.example")
    customer.groups.add("all@academy.example", "All")
    driven = set[str]()

    async def recorded(name: str, handler: Handler, request: web.Request) -> web.StreamResponse:
        driven.add(name)
        return await handler(request)

    app = web.Application()
    for (name, method, path), handler in handlers(api).items():
        app.router.add_route(method, path, partial(recorded, name, handler))
    for (method, path), handler in observers(api).items():
        app.router.add_route(method, path, handler)
    async with TestServer(app) as server:
        google = Google(api, customer, str(server.make_url("")).rstrip("/"), key, clock, driven)
        yield google
        for client in google.opened:
            client.close()


async def call(request: Any) -> Any:
    """What the client makes of the answer, which must have the documented shape."""
    answer = await asyncio.to_thread(request.execute)
    if response := method(request.methodId).get("response"):
        assert not list(problems(answer, response, _document(request.methodId)["schemas"], response["$ref"]))
    return answer


async def refusal(request: Any) -> tuple[int, str, str]:
    """Status, reason and message as the client reads them."""
    with pytest.raises(client_errors.HttpError) as refused:
        await asyncio.to_thread(request.execute)
    error: Any = refused.value
    return error.status_code, error.error_details[0]["reason"], error.reason


def method(ident: str) -> Mapping[str, Any]:
    _, *resources, name = ident.split(".")
    described = _document(ident)
    for resource in resources:
        described = described["resources"][resource]
    return described["methods"][name]


def _document(ident: str) -> Mapping[str, Any]:
    return GOOGLE_LICENSING if ident.startswith("licensing.") else GOOGLE
