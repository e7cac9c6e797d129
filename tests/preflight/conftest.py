"""Fixtures: one institution at all vendors, served over TLS, with its configuration as a file."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.simulators.world import World
from tests.preflight.installation import NORTH, Installation


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    world = World([NORTH], tmp_path, clock=time.time, seed=1)
    async with world.server() as server:
        world.write_tenants(world.tenants(server))
        yield Installation(world, server)
