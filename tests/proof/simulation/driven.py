"""Simulated clients in tests that know of no simulation: each of their calls is a step of one."""

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, TypeVar

from proof.simulation.clock import Runner
from proof.simulation.kafka import Cluster
from proof.simulation.threads import in_thread

T = TypeVar("T")


def same_every_time() -> Random:
    """What tests draw latencies from."""
    return Random(1)  # noqa: S311  guards nothing


class Driver:
    """A cluster, and time that passes only while the test lets it."""

    def __init__(self, runner: Runner) -> None:
        self.cluster = Cluster(runner.clock, same_every_time())
        self.clock = runner.clock
        self._runner = runner

    def call(self, function: Callable[[], T]) -> T:
        """Blocks the test, while the simulation continues."""
        return self._runner.run(in_thread(function))

    def pass_time(self, seconds: float) -> None:
        """Lets happen what happens in so many seconds."""
        self._runner.run(asyncio.sleep(seconds))

    def client(self, client: object) -> Any:
        """The same client, each of whose calls the test blocks for."""
        return _Driven(self, client)


class _Driven:
    def __init__(self, driver: Driver, client: object) -> None:
        self._driver = driver
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **named: Any) -> Any:
            return self._driver.call(partial(method, *args, **named))

        return call
