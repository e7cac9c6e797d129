"""A world of institutions, and the configuration that fits it."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from consumer.configuration.loading import load_tenants
from consumer.events import Provider
from consumer.secrets import opener
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GRAPH, Institution
from sandbox.simulators.world import World
from tests.sandbox.simulators.clock import Clock

INSTITUTIONS = (
    Institution("north", "North High", (Provider.MICROSOFT,)),
    Institution("south", "South College", (Provider.MICROSOFT, Provider.GOOGLE)),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(INSTITUTIONS, tmp_path, clock=Clock(), seed=1)


@pytest.fixture
async def server(world: World) -> AsyncIterator[VendorServer]:
    async with world.server() as served:
        yield served


def test_an_institution_stands_in_the_directories_of_its_providers(world: World) -> None:
    assert [directory.domains for directory in world.graph.directories.values()] == [
        ("students.north.example",),
        ("students.south.example",),
    ]
    assert world.google.customer_of("ann@students.south.example") is not None
    assert world.google.customer_of("ann@students.north.example") is None


async def test_the_configuration_names_providers_that_are_there_and_no_others(
    world: World, server: VendorServer
) -> None:
    north, south = world.tenants(server)

    assert (north.microsoft is not None, north.google is not None) == (True, False)
    assert (south.microsoft is not None, south.google is not None) == (True, True)


async def test_what_is_written_for_other_processes_is_read_as_the_same(world: World, server: VendorServer) -> None:
    tenants = world.tenants(server)

    read = load_tenants(world.write_tenants(tenants))

    assert [tenant for tenant, _ in read] == list(tenants)


async def test_a_configured_secret_opens_the_configured_directory(world: World, server: VendorServer) -> None:
    microsoft = world.tenants(server)[0].microsoft
    assert microsoft is not None
    trusting = ssl.create_default_context(cafile=str(microsoft.ca_file))
    form = {
        "grant_type": "client_credentials",
        "client_id": microsoft.client_id,
        "client_secret": opener({})(microsoft.client_secret or ""),
        "scope": f"{microsoft.graph_url}/.default",
    }

    async with httpx.AsyncClient(verify=trusting, trust_env=False) as http:
        token = await http.post(f"{microsoft.authority_url}/{microsoft.tenant_id}/oauth2/v2.0/token", data=form)
        bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
        stock = await http.get(f"{microsoft.graph_url}/v1.0/subscribedSkus", headers=bearer)

    assert stock.json()["value"][0]["prepaidUnits"]["enabled"] == INSTITUTIONS[0].licences


async def test_the_service_can_know_the_vendors_by_another_name(world: World, server: VendorServer) -> None:
    microsoft = world.tenants(server, host="vendors")[0].microsoft

    assert microsoft is not None
    assert microsoft.graph_url == server.url(GRAPH, host="vendors")
