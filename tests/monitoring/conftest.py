"""Promtool, as Debian's package `prometheus` has it."""

import pytest

from testbed.parts.artefacts import Say
from testbed.parts.debian import Missing, program
from tests.monitoring.promtool import Promtool


@pytest.fixture(scope="session")
def promtool(say: Say) -> Promtool:
    """Where it cannot be had, the test is skipped and says why."""
    try:
        return Promtool(program("promtool", say, package="prometheus"))
    except Missing as why:
        pytest.skip(str(why))
