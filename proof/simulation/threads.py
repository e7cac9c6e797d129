"""Blocking code in a simulation: what runs in a thread of its own in production runs as a greenlet here, driven by a task.

    event loop ── in_thread(function) ──▶ function ── wait_for(awaitable) ──▶ awaited on the event loop ──▶ function continues
                                              ▲
                       task is cancelled ─────┴── Killed, where it blocks

Only where it blocks do others run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar, cast

from greenlet import getcurrent, greenlet

from proof.simulation.clock import passed_in_place

T = TypeVar("T")


class Killed(BaseException):
    """The thread's process is dead. What still runs on the way out, such as a `finally`, can't block: it is killed again there."""


class _Thread(greenlet):
    killed = False


async def in_thread(function: Callable[[], T]) -> T:
    """What `function` returns or raises; it may block, by `wait_for` and `sleep`. Cancelled, it kills `function` where that blocks.

    No part of `function` runs when this is over, and what it raises once it is killed is forgotten with it. It sees the context
    variables as they are now.
    """
    thread = _Thread(function)
    thread.gr_context = copy_context()
    asked = thread.switch()
    while not thread.dead:
        try:
            answer = await asked
        except (asyncio.CancelledError, GeneratorExit):
            _kill(thread)
            raise
        except BaseException as error:  # noqa: BLE001  the function's, as if it had waited itself
            asked = thread.throw(error)
        else:
            asked = thread.switch(answer)
    return asked


def wait_for(awaitable: Awaitable[T]) -> T:
    """What `awaitable` returns or raises. Blocks the calling thread, a function under `in_thread`; the event loop keeps running.

    Raises `Killed`.
    """
    thread = getcurrent()
    if not isinstance(thread, _Thread) or thread.parent is None:
        _discard(awaitable)
        raise RuntimeError("This would block the event loop: only a function under `in_thread` may wait.")
    if thread.killed:
        _discard(awaitable)
        raise Killed
    return cast("T", thread.parent.switch(awaitable))


def sleep(seconds: float) -> None:
    """Blocks the calling thread for so long. Raises `Killed`."""
    thread = getcurrent()
    if not isinstance(thread, _Thread) or thread.killed or not passed_in_place(seconds):
        wait_for(asyncio.sleep(seconds))


def _kill(thread: _Thread) -> None:
    thread.killed = True
    with suppress(Killed, Exception):
        thread.throw(Killed())


def _discard(awaitable: Awaitable[Any]) -> None:
    """So that Python does not complain of a coroutine that was never awaited."""
    if isinstance(awaitable, Coroutine):
        awaitable.close()
