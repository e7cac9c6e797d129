"""Loops are started together and stopped stage by stage, however one of them ends."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from consumer.loops import Drain, Loop, blocking, run_all


class Recorded:
    """Loops that run until they are stopped, and what became of them, in order."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def loop(self, name: str, drain: Drain = Drain.WORK) -> Loop:
        stopped = asyncio.Event()

        async def start(_in_thread: object) -> None:
            self.seen.append(f"{name} runs")
            await stopped.wait()

        def stop() -> None:
            self.seen.append(f"{name} is stopped")
            stopped.set()

        return Loop(name, start, stop, drain)

    def ended(self, name: str) -> None:
        self.seen.append(f"{name} has ended")


async def in_thread(run: Callable[[], None]) -> None:
    await asyncio.to_thread(run)


async def test_a_stage_is_stopped_once_the_one_before_has_ended() -> None:
    recorded, stopping = Recorded(), asyncio.Event()
    loops = [recorded.loop("relay", Drain.OUTCOMES), recorded.loop("intake")]
    stopping.set()
    await run_all(loops, stopping=stopping, in_thread=in_thread, ended=recorded.ended)
    assert recorded.seen[2:] == ["intake is stopped", "intake has ended", "relay is stopped", "relay has ended"]


async def test_a_loop_that_ends_by_itself_stops_the_others() -> None:
    recorded, stopping = Recorded(), asyncio.Event()

    async def fails(_in_thread: object) -> None:
        raise ZeroDivisionError

    broken = Loop("pool", fails, lambda: None)
    with pytest.raises(ZeroDivisionError):
        await run_all([recorded.loop("intake"), broken], stopping=stopping, in_thread=in_thread, ended=recorded.ended)
    assert stopping.is_set()
    assert {"pool has ended", "intake has ended"} <= set(recorded.seen)


async def test_a_loop_that_blocks_runs_in_a_thread_of_its_own() -> None:
    stopped, thread = threading.Event(), list[threading.Thread]()

    def run() -> None:
        thread.append(threading.current_thread())
        stopped.wait(10)

    stopping = asyncio.Event()
    stopping.set()
    await run_all([blocking("intake", run, stopped.set)], stopping=stopping, in_thread=in_thread)
    assert thread[0] is not threading.main_thread()
