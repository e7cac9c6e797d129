"""The loops of a process: started together, and stopped in the order in which one leaves work to the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby
from operator import attrgetter

InThread = Callable[[Callable[[], None]], Awaitable[None]]
"""Runs what blocks in a thread of its own."""


class Drain(IntEnum):
    """When a loop is stopped: those of one stage together, once all of the stages before have ended."""

    WORK = 1
    OUTCOMES = 2
    """The relay, so that the outcomes of the students' last steps are still published."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A named loop. `start` returns when it has ended; `stop` makes it end, and is called from the event loop's thread."""

    name: str
    start: Callable[[InThread], Awaitable[None]]
    stop: Callable[[], None]
    drain: Drain = Drain.WORK


def blocking(name: str, run: Callable[[], None], stop: Callable[[], None], *, drain: Drain = Drain.WORK) -> Loop:
    """A loop that blocks, and has a thread of its own."""
    return Loop(name, lambda in_thread: in_thread(run), stop, drain)


async def run_all(
    loops: Sequence[Loop],
    *,
    stopping: asyncio.Event,
    in_thread: InThread,
    ended: Callable[[str], None] = lambda _: None,
) -> None:
    """Returns when all have ended. They are stopped when `stopping` is set, or one of them ends; `ended` receives each one's name.

    `in_thread` needs as many threads as there are loops. Raises what a loop raises, once all have ended.
    """
    running = {loop.name: asyncio.ensure_future(_run(loop, in_thread, ended)) for loop in loops}
    stopped = asyncio.ensure_future(stopping.wait())
    await asyncio.wait([stopped, *running.values()], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    stopping.set()
    faults: list[BaseException] = []
    for _, stage in groupby(sorted(loops, key=attrgetter("drain")), key=attrgetter("drain")):
        together = list(stage)
        for loop in together:
            loop.stop()
        results = await asyncio.gather(*(running[loop.name] for loop in together), return_exceptions=True)
        faults += [result for result in results if isinstance(result, BaseException)]
    for fault in faults:
        raise fault


async def _run(loop: Loop, in_thread: InThread, ended: Callable[[str], None]) -> None:
    try:
        await loop.start(in_thread)
    finally:
        ended(loop.name)
