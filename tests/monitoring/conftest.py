"""Promtool, as Debian's package `prometheus` has it."""

import os

import pytest

from testbed.parts.debian import Missing, program
from tests.monitoring.promtool import Promtool


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Skips where it cannot be had, but not in CI."""
    try:
        return Promtool(program("promtool", print, package="prometheus"))
    except Missing as why:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(why))
