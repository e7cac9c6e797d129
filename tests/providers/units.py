"""Calls that put an account into an organisational unit."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from consumer.errors import NotYet, Reason

T = TypeVar("T")


async def until_there(call: Callable[[], Awaitable[T]]) -> T:
    """As the service makes it: where the first attempt finds that the unit is missing, it has it created, and the next one succeeds."""
    try:
        return await call()
    except NotYet as missing:
        if missing.reason is not Reason.ORG_UNIT_MISSING:
            raise
        return await call()
