"""A cluster under a simulated clock, for all tests of it."""

from collections.abc import Iterator

import pytest

from proof.simulation.clock import Runner
from tests.proof.simulation.driven import Driver


@pytest.fixture
def driver() -> Iterator[Driver]:
    with Runner(start=0) as runner:
        yield Driver(runner)
