"""A simulated process: all that it runs is killed, paused and resumed together, on every thread."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any

from proof.simulation.clock import OWNER, tasks_of


class Process:
    """What is begun in it belongs to it. `alive` and `name` are what others may look at."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self._held: list[Callable[[], object]] | None = None

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._held is not None

    def start(self, main: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `main` as its first task."""
        context = copy_context()
        context.run(OWNER.set, self)
        return asyncio.get_running_loop().create_task(main, context=context)

    def kill(self) -> None:
        """Like SIGKILL: nothing of it continues and its memory is lost; what it has sent still arrives."""
        self.alive = False
        self.thaw()
        for task in tasks_of(self):
            task.cancel()

    def freeze(self) -> None:
        """Like SIGSTOP: nothing of it runs while time passes; its connections stay open."""
        if self.alive and self._held is None:
            self._held = []

    def thaw(self) -> None:
        """As SIGCONT does: everything that was to happen meanwhile happens now, in its order."""
        held, self._held = self._held or [], None
        for put_back in held:
            put_back()

    def hold(self, put_back: Callable[[], object]) -> None:
        if self._held is not None:
            self._held.append(put_back)
