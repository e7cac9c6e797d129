"""Promtool, as the tests of the rules have it."""

from tests.monitoring.conftest import promtool

__all__ = ["promtool"]
