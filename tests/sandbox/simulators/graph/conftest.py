"""Fixtures: Graph as it is served over TLS, with one directory."""

from collections.abc import AsyncIterator

import pytest

from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.tls import Authority
from tests.sandbox.simulators.graph.served import Graph, served


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def quirks() -> GraphQuirks:
    return GraphQuirks()


@pytest.fixture
async def graph(authority: Authority, quirks: GraphQuirks) -> AsyncIterator[Graph]:
    async with served(authority, quirks) as graph:
        yield graph
