"""The simulated vendors, reached through TLS and by the vendors' own token clients."""

import json
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.providers.factory import open_tokens
from consumer.secrets import opener
from consumer.tenants import Tenant
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution, Quirks
from sandbox.simulators.world import World

NORTH = Institution("north", "North", (Provider.MICROSOFT, Provider.GOOGLE))
TOKENS = partial(open_tokens, open_secret=opener({}))
"""Where the tests' tokens come from: the simulated authorities."""


def answers(vendors: VendorServer, route: str, status: int, body: Any) -> None:
    """What a vendor says on this route from now on, and does nothing."""
    vendors.faults.set([FaultRule(route=route, fault=Answer(status=status, body=json.dumps(body)))])


@pytest.fixture
def quirks() -> Quirks:
    """The vendors' habits; tests that want others parametrize it."""
    return Quirks()


@pytest.fixture
def world(tmp_path: Path, quirks: Quirks) -> World:
    return World([NORTH], tmp_path, clock=time.time, seed=1, quirks=quirks)


@pytest.fixture
async def vendors(world: World) -> AsyncIterator[VendorServer]:
    async with world.server() as server:
        yield server


@pytest.fixture
async def http(world: World) -> AsyncIterator[HttpClient]:
    async with HttpClient(ca_file=world.authority.ca_file) as client:
        yield client


@pytest.fixture
def tenant(world: World, vendors: VendorServer) -> Tenant:
    return world.tenants(vendors)[0]
