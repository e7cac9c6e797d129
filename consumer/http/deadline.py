"""The time limit of a call, however many requests it makes."""

import asyncio


class Deadline:
    """A moment on the event loop's clock, `seconds` from now. Shared by several requests, so that together they stay within it."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """Seconds, never below 0: a request that is given 0 is not sent."""
        return max(0.0, self._at - asyncio.get_running_loop().time())
