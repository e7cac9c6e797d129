"""Every request that a directory can send, by the port's method that sends it."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.providers.port import Directory
from proof.simulation.clock import Clock, run
from testbed.fakes.http import ScriptedHttp

PORT = frozenset(name for name, member in vars(Directory).items() if inspect.iscoroutinefunction(member))
"""The methods that ask the vendor anything."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One use of a method, and the answers that lead it along its longest way."""

    use: Callable[[Directory], Awaitable[object]]
    answers: Sequence[Answer]


def recorded(scenes: Mapping[str, Scene], directory: Callable[[ScriptedHttp], Directory]) -> Sequence[Call]:
    """The requests of the scenes, one after the other."""
    calls: list[Call] = []
    for scene in scenes.values():
        http = ScriptedHttp(*scene.answers)

        async def play(_: Clock, scene: Scene = scene, http: ScriptedHttp = http) -> None:
            await scene.use(directory(http))

        run(play, start=0)
        assert len(http.calls) == len(scene.answers)
        calls += http.calls
    return calls
