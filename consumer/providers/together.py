"""Calls that are made at the same time, for one answer."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from consumer.errors import Fault, RetryLater

T = TypeVar("T")


async def together(*calls: Awaitable[T]) -> list[T]:
    """Their answers, in their order; all of them are waited for, so that none continues unobserved.

    Raises one of their faults: one that waiting does not end, else the one that asks for the longest wait.
    """
    answers = await asyncio.gather(*calls, return_exceptions=True)
    if faults := [answer for answer in answers if isinstance(answer, Fault)]:
        raise max(faults, key=_weight)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return [answer for answer in answers if not isinstance(answer, BaseException)]


def _weight(fault: Fault) -> tuple[bool, float]:
    return (False, fault.after or 0.0) if isinstance(fault, RetryLater) else (True, 0.0)
