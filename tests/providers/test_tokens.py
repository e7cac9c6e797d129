"""When a token is requested, by which caller, and which callers get it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from consumer.errors import Hold, Reason, Scope, Unavailable
from consumer.providers.tokens import Fetch, Token, TokenSource, in_own_thread
from proof.simulation.clock import Clock, run


class Authority:
    """Gives `token-1`, `token-2`, … for `lifetime` seconds, after `takes` seconds; or refuses with `fault`."""

    def __init__(self, *, lifetime: float = 3_600, takes: float = 1) -> None:
        self.asked = 0
        self.fault: Exception | None = None
        self._lifetime = lifetime
        self._takes = takes

    def source(self) -> TokenSource:
        return TokenSource(self._fetch, run=self._run)

    def _fetch(self) -> tuple[str, float]:
        if self.fault:
            raise self.fault
        return f"token-{self.asked}", self._lifetime

    async def _run(self, fetch: Fetch) -> tuple[str, float]:
        self.asked += 1
        await asyncio.sleep(self._takes)
        return fetch()


def simulated(scenario: Coroutine[Any, Any, None]) -> None:
    async def main(_: Clock) -> None:
        await scenario

    run(main, start=0)


def test_many_who_need_one_at_the_same_time_ask_once() -> None:
    async def scenario() -> None:
        authority = Authority()
        source = authority.source()
        assert await asyncio.gather(*(source.get() for _ in range(50))) == ["token-1"] * 50
        assert authority.asked == 1

    simulated(scenario())


@pytest.mark.parametrize(("lifetime", "kept_for"), [(3_600, 3_300), (300, 150)])
def test_a_token_is_kept_until_shortly_before_its_end(lifetime: float, kept_for: float) -> None:
    async def scenario() -> None:
        source = Authority(lifetime=lifetime).source()
        assert await source.get() == "token-1"
        await asyncio.sleep(kept_for - 1)
        assert await source.get() == "token-1"
        await asyncio.sleep(1)
        assert await source.get() == "token-2"

    simulated(scenario())


def test_a_token_without_a_lifetime_serves_once() -> None:
    async def scenario() -> None:
        source = Authority(lifetime=0).source()
        assert [await source.get(), await source.get()] == ["token-1", "token-2"]

    simulated(scenario())


def test_a_refused_token_is_given_to_no_one_else() -> None:
    async def scenario() -> None:
        source = Authority().source()
        source.refused(await source.get())
        assert await source.get() == "token-2"

    simulated(scenario())


def test_the_refusal_of_an_old_token_does_not_cost_the_new_one() -> None:
    async def scenario() -> None:
        source = Authority().source()
        old = await source.get()
        source.refused(old)
        await source.get()
        source.refused(old)
        assert await source.get() == "token-2"

    simulated(scenario())


def test_one_who_stops_waiting_leaves_the_others_their_token() -> None:
    async def scenario() -> None:
        authority = Authority(takes=10)
        source = authority.source()
        patient = asyncio.create_task(source.get())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await source.get()
        assert await patient == "token-1"
        assert authority.asked == 1

    simulated(scenario())


def test_a_token_that_everybody_stopped_waiting_for_is_kept_for_the_next() -> None:
    async def scenario() -> None:
        authority = Authority(takes=10)
        source = authority.source()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await source.get()
        await asyncio.sleep(5)
        assert await source.get() == "token-1"
        assert authority.asked == 1

    simulated(scenario())


@pytest.mark.parametrize(
    "fault", [Unavailable("away"), Hold("refused", reason=Reason.CREDENTIALS_INVALID, scope=Scope.TENANT)]
)
def test_a_refusal_reaches_all_who_wait_and_the_next_asks_again(fault: Exception) -> None:
    async def scenario() -> None:
        authority = Authority()
        authority.fault = fault
        source = authority.source()
        assert await asyncio.gather(*(source.get() for _ in range(3)), return_exceptions=True) == [fault] * 3
        authority.fault = None
        assert await source.get() == "token-2"

    simulated(scenario())


async def test_a_client_that_blocks_does_not_block_the_loop() -> None:
    loop, moved = asyncio.get_running_loop(), asyncio.Event()

    def fetch() -> tuple[str, float]:
        asyncio.run_coroutine_threadsafe(moved.wait(), loop).result(5)
        return "token", 3_600

    asking = asyncio.create_task(TokenSource(fetch, run=in_own_thread).get())
    loop.call_soon(moved.set)
    assert await asking == "token"


def test_a_token_is_never_shown_by_accident() -> None:
    assert "secret" not in repr(Token("secret", fresh_until=0))
