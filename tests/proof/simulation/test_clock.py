"""The simulated clock: jumps, order, and what it refuses."""

import asyncio
from datetime import UTC, datetime

import pytest

from proof.simulation.clock import Clock, Stuck, run

START = datetime(2026, 9, 1, tzinfo=UTC)


def test_what_waits_for_a_year_is_over_at_once_and_a_year_later() -> None:
    async def main(clock: Clock) -> tuple[float, float, datetime]:
        await asyncio.sleep(365 * 86_400)
        return clock.time(), clock.unix(), clock.now()

    passed, unix, date = run(main, start=START.timestamp())
    assert (passed, unix, date) == (365 * 86_400, START.timestamp() + 365 * 86_400, datetime(2027, 9, 1, tzinfo=UTC))


def test_the_event_loop_and_its_timeouts_keep_the_simulated_time() -> None:
    async def main(clock: Clock) -> bool:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time() == clock.time() == 30

    assert run(main, start=0)


def test_timers_come_in_the_order_of_their_times() -> None:
    async def main(_clock: Clock) -> list[str]:
        seen: list[str] = []

        async def later(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            seen.append(name)

        await asyncio.gather(later(2, "b"), later(1, "a"), later(4, "d"), later(3, "c"))
        return seen

    assert run(main, start=0) == ["a", "b", "c", "d"]


def test_waiting_for_what_can_never_happen_is_an_error() -> None:
    async def main(_clock: Clock) -> None:
        await asyncio.Event().wait()

    with pytest.raises(Stuck):
        run(main, start=0)


def test_what_a_callback_raises_is_not_just_logged() -> None:
    async def main(_clock: Clock) -> None:
        asyncio.get_running_loop().call_later(1, [].pop)
        await asyncio.sleep(2)

    with pytest.raises(IndexError):
        run(main, start=0)


def test_a_thread_is_refused() -> None:
    async def main(_clock: Clock) -> None:
        await asyncio.to_thread(lambda: None)

    with pytest.raises(RuntimeError, match="No thread"):
        run(main, start=0)


def test_what_is_left_is_cancelled_in_the_order_it_was_begun() -> None:
    ended: list[int] = []

    async def forever(number: int) -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            ended.append(number)

    async def main(_clock: Clock) -> list[asyncio.Task[None]]:
        tasks = [asyncio.ensure_future(forever(number)) for number in range(50)]
        await asyncio.sleep(1)
        return tasks

    run(main, start=0)
    assert ended == list(range(50))


def test_sets_of_tasks_keep_one_order_in_every_run() -> None:
    async def main(_clock: Clock) -> list[str]:
        async def one() -> None:
            await asyncio.sleep(1)

        done, _ = await asyncio.wait({asyncio.create_task(one(), name=str(number)) for number in range(50)})
        return [task.get_name() for task in done]

    assert run(main, start=0) == run(main, start=0)
