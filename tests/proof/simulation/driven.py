"""Simulated clients in tests that know of no simulation: each of their calls is a step of one."""

from functools import partial
from random import Random
from typing import Any

from proof.simulation.clock import Runner
from proof.simulation.kafka import Cluster
from proof.simulation.threads import in_thread


class Driven:
    """A client whose calls block the test, while the simulation goes on."""

    def __init__(self, runner: Runner, client: object) -> None:
        self._runner = runner
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **named: Any) -> Any:
            return self._runner.run(in_thread(partial(method, *args, **named)))

        return call


class Driver:
    """A cluster whose clients are driven."""

    def __init__(self, runner: Runner) -> None:
        self.runner = runner
        self.cluster = Cluster(runner.clock, Random(1))  # noqa: S311  simulated latencies

    def client(self, client: object) -> Any:
        return Driven(self.runner, client)
