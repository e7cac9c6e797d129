"""Access tokens: asked for once by however many need one, kept until they are about to expire."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

Fetch = Callable[[], tuple[str, float]]
"""A new token and its lifetime in seconds. Blocks: the vendors' own clients do."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the event loop's time after which another one is asked for."""

    value: str = field(repr=False)
    fresh_until: float


async def in_own_thread(fetch: Fetch) -> tuple[str, float]:
    """A thread of its own: the loop's few threads look names up for every tenant, and must not wait for one tenant's authority."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="token")
    try:
        return await asyncio.get_running_loop().run_in_executor(thread, fetch)
    finally:
        thread.shutdown(wait=False)


class TokenSource:
    """`fetch` must not answer from a cache of its own: after `refused`, the token that was refused would come back.

    `run` calls it without blocking the event loop.
    """

    MARGIN = 300.0

    def __init__(self, fetch: Fetch, *, run: Callable[[Fetch], Awaitable[tuple[str, float]]] = in_own_thread) -> None:
        self._fetch = fetch
        self._run = run
        self._token: Token | None = None
        self._asking: asyncio.Task[Token] | None = None

    async def get(self) -> str:
        """A token that is good for some minutes. Raises what `fetch` raises: `Hold` where it is refused, `Unavailable`.

        A caller that stops waiting does not cancel the request for the others.
        """
        token = self._token
        if token is None or token.fresh_until <= asyncio.get_running_loop().time():
            if self._asking is None:
                self._asking = asyncio.create_task(self._ask())
                self._asking.add_done_callback(self._asked)
            token = await asyncio.shield(self._asking)
        return token.value

    def refused(self, value: str) -> None:
        """The vendor refused this token: the next `get` asks for a new one."""
        if self._token and self._token.value == value:
            self._token = None

    async def _ask(self) -> Token:
        value, lifetime = await self._run(self._fetch)
        return Token(value, asyncio.get_running_loop().time() + lifetime - min(self.MARGIN, lifetime / 2))

    def _asked(self, asking: asyncio.Task[Token]) -> None:
        self._asking = None
        if not asking.cancelled() and asking.exception() is None:
            self._token = asking.result()
