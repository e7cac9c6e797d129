"""Calls to a directory within its limits; what is refused for now is asked again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from consumer.errors import NotYet, OutcomeUnknown, RetryLater
from consumer.events import StepName
from consumer.pacing.quota import Turns
from consumer.policy.backoff import delay
from consumer.policy.work_class import WorkClass

_AT_ONCE = 8
_STEP = StepName.UNIT
"""For what a call costs: no vendor counts these apart, as Google does creations."""
_PATIENCE = 60.0
"""Seconds for which a call waits for its turn; one that would wait for longer is turned away, and comes again."""
_BASE, _CAP = 1.0, 60.0
_LONGEST = 900.0
"""Seconds: a vendor that asks for more patience is not waited for."""
_MOST = 20
"""Tries of one call."""

T = TypeVar("T")


class Asking:
    """`timeout` is in seconds, of one call; `jitter` draws a number from 0 to 1."""

    def __init__(self, turns: Turns, *, timeout: float, jitter: Callable[[], float]) -> None:
        self._turns = turns
        self._timeout = timeout
        self._jitter = jitter
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, call: Callable[[float], Awaitable[T]], *, writes: bool = False) -> T:
        """The answer to a call that may be repeated. Raises what it raises, once that has not passed by itself for long.

        `NotYet` is raised at once: it is the answer of a directory that does not show the object.
        """
        tries = 0
        while True:
            try:
                async with (
                    self._places,
                    self._turns.turn(
                        _STEP, writes=writes, work_class=WorkClass.NORMAL, patience=_PATIENCE, on_wait=_nothing
                    ),
                ):
                    return await call(self._timeout)
            except NotYet:
                raise
            except (RetryLater, OutcomeUnknown) as fault:
                tries += 1
                asked = fault.after if isinstance(fault, RetryLater) else None
                if tries == _MOST or (asked or 0.0) > _LONGEST:
                    raise
            own = delay(tries, base=_BASE, cap=_CAP, jitter=self._jitter())
            await asyncio.sleep((asked or 0.0) + own)


async def _nothing() -> None:
    """Nothing waits for this caller."""
