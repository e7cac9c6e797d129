"""From a process to something outside it, and back: what was sent arrives, whatever becomes of its sender meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def ask(deed: Callable[[], T], *, there: float, back: float) -> T:
    """What `deed` returns or raises; it is done after `there` seconds, and its answer is here `back` seconds later."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def arrive() -> None:
        try:
            done = deed()
        except Exception as error:  # noqa: BLE001  it is the asker's
            loop.call_later(back, _settle, answer, partial(answer.set_exception, error), context=Context())
        else:
            loop.call_later(back, _settle, answer, partial(answer.set_result, done), context=Context())

    loop.call_later(there, arrive, context=Context())  # a context that is no process's: see `clock.OWNER`
    return await answer


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits. Raises RuntimeError where it does."""
    try:
        coroutine.send(None)
    except StopIteration as returned:
        return returned.value
    coroutine.close()
    raise RuntimeError("This was not to wait for anything.")


def _settle(answer: asyncio.Future[Any], settle: Callable[[], None]) -> None:
    if not answer.done():  # else nobody waits any more
        settle()
