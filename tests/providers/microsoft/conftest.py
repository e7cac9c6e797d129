"""One simulated Entra directory, and what the service makes of it."""

import pytest

from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.providers.factory import open_directories
from consumer.providers.port import Directory
from consumer.tenants import Tenant
from sandbox.simulators.graph.directory import Directory as Entra
from sandbox.simulators.world import World
from tests.providers.conftest import TOKENS


@pytest.fixture
def entra(world: World) -> Entra:
    (directory,) = world.graph.directories.values()
    return directory


@pytest.fixture
def directory(tenant: Tenant, http: HttpClient) -> Directory:
    return open_directories(tenant, http=lambda _: http, tokens=TOKENS)[Provider.MICROSOFT]
