"""A simulated Graph that is being served, and the description to hold its answers to."""

import asyncio
import random
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import httpx
import requests
from jsonschema import Draft4Validator

from sandbox.simulators.audit import AuditLog
from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.graph.http import handlers, observers
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.request_handler import Vendor
from sandbox.simulators.server import VendorServer
from sandbox.simulators.tls import Authority
from tests.contracts.described import GRAPH
from tests.sandbox.simulators.clock import Clock

msal: Any = import_module("msal")  # it has no types

TENANT, CLIENT, SECRET = "7b0f6f0e-5c0a-4f0e-9a39-0d8f1f2b6a01", "1d9a2c64-9f0b-4f43-8a4d-2f2c7e1c9b02", "s3cret"
SKU, GROUP = "314c4481-f395-4525-be8b-2ec4bb1e9d91", "a0f51c1e-3a5f-4c0e-8f5e-6a8d7f0e9c03"
NEW: Mapping[str, Any] = {
    "accountEnabled": True,
    "displayName": "Maria O'Neil",
    "mailNickname": "maria.oneil",
    "userPrincipalName": "maria.o'neil@academy.example",
    "passwordProfile": {"password": "correct horse", "forceChangePasswordNextSignIn": True},
    "usageLocation": "GR",
    "employeeId": "S1",
}


def assert_described(answer: httpx.Response, kind: str) -> None:
    """Every property is known to the type `kind` of Microsoft's description, and of its form."""
    body = answer.json()
    rows = cast("list[dict[str, Any]]", body.get("value", [body]))
    schema = GRAPH["components"]["schemas"][kind]
    rooted = {"$ref": f"#/components/schemas/{kind}", "components": GRAPH["components"]}
    validator: Any = Draft4Validator(rooted, format_checker=Draft4Validator.FORMAT_CHECKER)
    for row in rows:
        shown = {name: value for name, value in row.items() if value is not None and not name.startswith("@odata.")}
        assert not set(shown) - set(schema["properties"])
        validator.validate(shown)


@dataclass
class Graph:
    """What a test needs of it."""

    api: GraphApi
    directory: Directory
    clock: Clock
    url: str
    ca_file: Path
    http: httpx.AsyncClient
    audit: AuditLog

    async def token(
        self, *, client_id: str = CLIENT, secret: Any = SECRET, scope: str | None = None
    ) -> Mapping[str, Any]:
        """What Microsoft's own client makes of the token endpoint's answer; `secret` is any credential that it takes."""

        def ask() -> Mapping[str, Any]:
            with requests.Session() as session:
                session.trust_env = False
                session.verify = str(self.ca_file)
                application = msal.ConfidentialClientApplication(
                    client_id,
                    authority=f"{self.url}/{TENANT}",
                    client_credential=secret,
                    instance_discovery=False,
                    http_client=session,
                )
                return application.acquire_token_for_client([scope or f"{self.url}/.default"])

        return await asyncio.to_thread(ask)

    async def sign_in(self) -> None:
        """Lets `http` speak for the application."""
        token = (await self.token())["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    async def created(self, **other: Any) -> str:
        """The id of a user like `NEW`."""
        answer = await self.http.post("/v1.0/users", json={**NEW, **other})
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    async def found(self, condition: str, *, path: str = "/v1.0/users") -> list[str]:
        """The ids of those who meet `$filter`."""
        answer = await self.http.get(path, params={"$filter": condition, "$select": "id,employeeId"})
        assert answer.status_code == 200, answer.text
        assert_described(answer, "microsoft.graph.user")
        return [row["id"] for row in answer.json()["value"]]


@asynccontextmanager
async def served(authority: Authority, quirks: GraphQuirks | None = None) -> AsyncGenerator[Graph]:
    """One directory over TLS, with a group and one licence, and a client that is signed in."""
    clock = Clock()
    api = GraphApi(clock=clock, rng=random.Random(1), quirks=quirks)  # noqa: S311  repeatable
    directory = api.add_directory(TENANT, "academy.example")
    directory.stock[SKU] = 1
    directory.groups[GROUP] = set()
    api.tokens.register(TENANT, CLIENT, SECRET)
    vendor = Vendor("graph", handlers(api), observers(api))
    trusting = ssl.create_default_context(cafile=str(authority.ca_file))
    async with VendorServer([vendor], context=authority.server_context(), clock=clock) as server:
        url = server.url("graph")
        async with httpx.AsyncClient(base_url=url, verify=trusting, trust_env=False, timeout=5.0) as http:
            graph = Graph(api, directory, clock, url, authority.ca_file, http, server.audit)
            await graph.sign_in()
            yield graph


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of an error, which must have the documented envelope."""
    error = answer.json()["error"]
    assert {"date", "request-id", "client-request-id"} <= set(error["innerError"])
    assert all({"code", "message", "target"} <= set(detail) for detail in error.get("details", ()))
    return answer.status_code, error["code"], error["message"]
