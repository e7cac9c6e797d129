"""Blocking functions on the simulated clock: they wait without stopping others, and die where they wait."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar

import pytest

from proof.simulation.clock import Clock, run
from proof.simulation.threads import Killed, in_thread, sleep, wait_for


def test_a_function_that_sleeps_lets_others_run() -> None:
    async def main(clock: Clock) -> list[tuple[str, float]]:
        seen: list[tuple[str, float]] = []

        def blocking(name: str, seconds: float) -> Callable[[], None]:
            def function() -> None:
                for _ in range(2):
                    sleep(seconds)
                    seen.append((name, clock.time()))

            return function

        await asyncio.gather(in_thread(blocking("slow", 3)), in_thread(blocking("fast", 1)))
        return seen

    assert run(main, start=0) == [("fast", 1), ("fast", 2), ("slow", 3), ("slow", 6)]


def test_what_a_function_returns_or_raises_comes_back() -> None:
    def fails() -> None:
        sleep(1)
        raise ValueError("no")

    async def main(_clock: Clock) -> int:
        with pytest.raises(ValueError, match="no"):
            await in_thread(fails)
        return await in_thread(lambda: 7)

    assert run(main, start=0) == 7


def test_what_an_awaitable_returns_or_raises_is_the_functions_to_handle() -> None:
    async def answer() -> str:
        await asyncio.sleep(1)
        return "yes"

    async def failure() -> str:
        await asyncio.sleep(1)
        raise ConnectionError("gone")

    def function() -> tuple[str, str]:
        first = wait_for(answer())
        try:
            return first, wait_for(failure())
        except ConnectionError as error:
            return first, str(error)

    async def main(_clock: Clock) -> tuple[str, str]:
        return await in_thread(function)

    assert run(main, start=0) == ("yes", "gone")


def test_threads_may_be_nested() -> None:
    def inner() -> str:
        sleep(1)
        return "inner"

    def outer() -> str:
        return wait_for(in_thread(inner)) + " and outer"

    async def main(_clock: Clock) -> str:
        return await in_thread(outer)

    assert run(main, start=0) == "inner and outer"


def test_waiting_on_the_event_loop_itself_is_refused() -> None:
    async def main(_clock: Clock) -> None:
        sleep(1)

    with pytest.raises(RuntimeError, match="would block the event loop"):
        run(main, start=0)


def test_a_function_sees_its_tasks_context_variables() -> None:
    process: ContextVar[str] = ContextVar("process")

    async def main(_clock: Clock) -> str:
        process.set("A")
        return await in_thread(process.get)

    assert run(main, start=0) == "A"


def killed_after(seconds: float, function: Callable[[], object]) -> None:
    """Runs it, and kills it then."""

    async def main(_clock: Clock) -> None:
        task = asyncio.ensure_future(in_thread(function))
        await asyncio.sleep(seconds)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main, start=0)


def test_a_killed_function_dies_where_it_waits_past_every_handler_of_exceptions() -> None:
    seen: list[str] = []

    def function() -> None:
        while True:
            try:
                sleep(1)
                seen.append("slept")
            except Exception:  # noqa: BLE001  what a loop that must keep running does
                seen.append("handled")

    killed_after(2.5, function)
    assert seen == ["slept", "slept"]


def test_a_killed_function_cannot_wait_on_its_way_out() -> None:
    seen: list[str] = []

    def function() -> None:
        try:
            sleep(10)
        finally:
            seen.append("leaving")
            try:
                sleep(1)
            except Killed:
                seen.append("killed again")
                raise
            seen.append("slept on")

    killed_after(1, function)
    assert seen == ["leaving", "killed again"]


def test_what_a_killed_function_raises_on_its_way_out_is_forgotten() -> None:
    def function() -> None:
        try:
            sleep(10)
        finally:
            raise ValueError("no caller is left")

    killed_after(1, function)


def test_a_killed_function_takes_its_nested_ones_along() -> None:
    seen: list[str] = []

    def inner() -> None:
        try:
            sleep(10)
        finally:
            seen.append("inner")

    def outer() -> None:
        try:
            wait_for(in_thread(inner))
        finally:
            seen.append("outer")

    killed_after(1, outer)
    assert seen == ["inner", "outer"]


def test_what_is_left_at_the_end_is_killed() -> None:
    seen: list[str] = []

    def function() -> None:
        try:
            sleep(10)
        except Killed:
            seen.append("killed")
            raise

    async def main(_clock: Clock) -> asyncio.Task[None]:
        task = asyncio.ensure_future(in_thread(function))
        await asyncio.sleep(1)
        return task

    run(main, start=0)
    assert seen == ["killed"]
