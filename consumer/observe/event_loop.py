"""How late the event loop gives a task its turn: what blocks it delays every student and the answers to `/livez`."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from prometheus_client import Histogram

_EVERY = 1.0


class EventLoopLag:
    """Sleeps for a second at a time, and observes by how many seconds it woke late. `run` ends when it is cancelled."""

    def __init__(
        self,
        seconds: Histogram,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._pause = pause

    async def run(self) -> None:
        """On the event loop that is measured."""
        while True:
            due = self._clock() + _EVERY
            await self._pause(_EVERY)
            self._seconds.observe(max(0.0, self._clock() - due))
