"""Fixtures: Graph as it is served over TLS, with one directory."""

import random
import ssl
from collections.abc import AsyncIterator

import httpx
import pytest

from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.http import handlers, observers
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.request_handler import Vendor
from sandbox.simulators.server import VendorServer
from sandbox.simulators.tls import Authority
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.graph.served import CLIENT, GROUP, SECRET, SKU, TENANT, Graph


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def quirks() -> GraphQuirks:
    return GraphQuirks()


@pytest.fixture
async def graph(authority: Authority, quirks: GraphQuirks) -> AsyncIterator[Graph]:
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
            served = Graph(api, directory, clock, url, authority.ca_file, http)
            await served.sign_in()
            yield served
