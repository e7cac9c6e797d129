"""From a process to something outside it, and back: what was sent arrives, whatever becomes of its sender meanwhile."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any, NoReturn, TypeVar

from proof.simulation.clock import passed_in_place

T = TypeVar("T")


async def ask(deed: Callable[[], T], *, there: float, back: float) -> T:
    """What `deed` returns or raises; it is done after `there` seconds, and its answer is here `back` seconds later."""
    outside = Context()  # one that is no process's: see `clock.OWNER`
    if passed_in_place(there):
        answer = outside.run(_done, deed)
        if not passed_in_place(back):
            await asyncio.sleep(back)
        return answer()
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[Callable[[], T]] = loop.create_future()

    def arrive() -> None:
        loop.call_later(back, _settle, waiting, _done(deed), context=outside)

    loop.call_later(there, arrive, context=outside)
    return (await waiting)()


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns that never waits. Raises RuntimeError where it does."""
    try:
        coroutine.send(None)
    except StopIteration as returned:
        return returned.value
    coroutine.close()
    raise RuntimeError("This was not to wait for anything.")


def _done(deed: Callable[[], T]) -> Callable[[], T]:
    """Does it now; what is returned returns or raises what it did."""
    try:
        done = deed()
    except Exception as error:  # noqa: BLE001  it is the asker's
        return partial(_raise, error)
    return lambda: done


def _raise(error: Exception) -> NoReturn:
    raise error


def _settle(waiting: asyncio.Future[T], answer: T) -> None:
    if not waiting.done():  # else the caller has stopped waiting
        waiting.set_result(answer)
