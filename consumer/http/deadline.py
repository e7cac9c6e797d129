"""When a call must be over, however many requests it takes."""

import asyncio


class Deadline:
    """A moment on the event loop's clock, `seconds` from now. What several requests share, so that together they keep the time."""

    __slots__ = ("_at",)

    def __init__(self, seconds: float) -> None:
        self._at = asyncio.get_running_loop().time() + seconds

    def left(self) -> float:
        """Seconds, never below 0: a request that is given 0 is not sent."""
        return max(0.0, self._at - asyncio.get_running_loop().time())
