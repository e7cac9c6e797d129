"""Helm, where it can be had."""

from importlib.util import find_spec

import pytest


@pytest.fixture(scope="session")
def helm() -> None:
    """Skips the test where Helm's library has no wheel for this machine."""
    if find_spec("helm_python") is None:
        pytest.skip("Helm's library (helm-python-sdk) has no wheel for this machine: the chart is not rendered.")
