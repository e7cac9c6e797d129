"""Access tokens: asked for once by however many need one, kept until they are about to expire."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the event loop's time after which another one is asked for."""

    value: str = field(repr=False)
    fresh_until: float


class TokenSource:
    """`fetch` blocks (the vendors' own clients do) and runs in a thread; it returns the token and its lifetime in seconds.

    Raises what `fetch` raises: `Hold` where the credentials are refused, `Unavailable` where the authority is away.
    """

    MARGIN = 300.0

    def __init__(self, fetch: Callable[[], tuple[str, float]]) -> None:
        self._fetch = fetch
        self._token: Token | None = None
        self._one_at_a_time = asyncio.Lock()

    async def get(self) -> str:
        """A token that is good for some minutes."""
        token = self._token
        if token is None or token.fresh_until <= asyncio.get_running_loop().time():
            token = await self._renew(token)
        return token.value

    async def refused(self, value: str) -> None:
        """The vendor refused this token: the next `get` asks for a new one."""
        if self._token and self._token.value == value:
            self._token = None

    async def _renew(self, stale: Token | None) -> Token:
        async with self._one_at_a_time:
            if self._token is not None and self._token is not stale:
                return self._token
            value, lifetime = await asyncio.to_thread(self._fetch)
            margin = min(self.MARGIN, lifetime / 2)
            token = Token(value, asyncio.get_running_loop().time() + lifetime - margin)
            self._token = token
            return token
