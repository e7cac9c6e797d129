"""Processes that are killed, paused and resumed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from proof.simulation import clock
from proof.simulation.clock import Clock
from proof.simulation.process import Process
from proof.simulation.threads import in_thread, sleep


def play(main: Coroutine[Any, Any, None]) -> None:
    async def with_clock(_: Clock) -> None:
        await main

    clock.run(with_clock, start=0.0)


async def ticking(seen: list[float]) -> None:
    while True:
        await asyncio.sleep(1)
        seen.append(asyncio.get_running_loop().time())


def test_a_killed_process_does_nothing_more_in_any_task_or_thread() -> None:
    async def main() -> None:
        process, seen, blocked = Process("one"), list[float](), list[str]()

        def blocking() -> None:
            sleep(3)
            blocked.append("went on")

        async def all_of_it() -> None:
            await asyncio.gather(ticking(seen), asyncio.create_task(ticking(seen)), in_thread(blocking))

        process.start(all_of_it())
        await asyncio.sleep(2.5)
        process.kill()
        await asyncio.sleep(10)
        assert seen == [1, 1, 2, 2]
        assert blocked == []
        assert not process.alive

    play(main())


def test_what_is_called_off_while_a_process_stands_still_does_not_happen_when_it_resumes() -> None:
    async def main() -> None:
        process, seen, timers = Process("one"), list[str](), list[asyncio.TimerHandle]()

        async def set_timer() -> None:
            timers.append(asyncio.get_running_loop().call_later(1, seen.append, "went off"))

        process.start(set_timer())
        await asyncio.sleep(0.5)
        process.freeze()
        await asyncio.sleep(1)
        timers[0].cancel()
        process.thaw()
        await asyncio.sleep(1)
        assert seen == []

    play(main())


def test_a_stopped_process_finds_that_time_went_on_without_it() -> None:
    async def main() -> None:
        process, seen = Process("one"), list[float]()
        process.start(ticking(seen))
        await asyncio.sleep(2.5)
        process.freeze()
        await asyncio.sleep(10)
        assert seen == [1, 2]
        process.thaw()
        await asyncio.sleep(1.5)
        assert seen == [1, 2, 12.5, 13.5]
        process.kill()

    play(main())


def test_a_stopped_process_can_be_killed() -> None:
    async def main() -> None:
        process, seen = Process("one"), list[float]()
        process.start(ticking(seen))
        process.freeze()
        process.kill()
        await asyncio.sleep(5)
        assert seen == []

    play(main())


def test_processes_do_not_touch_each_other() -> None:
    async def main() -> None:
        one, other, seen = Process("one"), Process("other"), list[float]()
        one.start(ticking(list[float]()))
        other.start(ticking(seen))
        one.kill()
        await asyncio.sleep(2.5)
        assert seen == [1, 2]
        other.kill()

    play(main())
