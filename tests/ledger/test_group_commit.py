"""Many callers share a flush; each gets its own answer, and none another's fault."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from consumer.ledger.group_commit import GroupCommit


class Flush:
    """Doubles numbers; the first flush waits for `release`, so that the rest gather behind it."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.release = threading.Event()

    def __call__(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(list(items))
        self.release.wait(10)
        if 13 in items and len(items) == 1:
            raise OSError
        return [ValueError(str(item)) if item < 0 else 2 * item for item in items]


async def test_what_arrives_during_a_flush_goes_together_into_the_next() -> None:
    flush = Flush()
    with ThreadPoolExecutor(1) as threads:
        group = GroupCommit(flush, threads)
        first = asyncio.create_task(group.submit(1))
        await asyncio.sleep(0)
        rest = [asyncio.create_task(group.submit(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        flush.release.set()
        assert await asyncio.gather(first, *rest) == [2, 4, 6, 8]
    assert flush.groups[1:] == [[2, 3, 4]]


async def test_one_callers_fault_is_its_own() -> None:
    flush = Flush()
    flush.release.set()
    with ThreadPoolExecutor(1) as threads:
        group = GroupCommit(flush, threads)
        answers = await asyncio.gather(*(group.submit(n) for n in (1, -2, 3)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 6]
    assert isinstance(answers[1], ValueError)


async def test_a_flush_that_fails_is_told_to_all_in_it_and_the_next_goes_on() -> None:
    flush = Flush()
    flush.release.set()
    with ThreadPoolExecutor(1) as threads:
        group = GroupCommit(flush, threads)
        with pytest.raises(OSError):  # noqa: PT011  any
            await group.submit(13)
        assert await group.submit(1) == 2


async def test_a_caller_that_is_cancelled_takes_nobody_along() -> None:
    flush = Flush()
    with ThreadPoolExecutor(1) as threads:
        group = GroupCommit(flush, threads)
        one, two = asyncio.create_task(group.submit(1)), asyncio.create_task(group.submit(2))
        await asyncio.sleep(0)
        one.cancel()
        flush.release.set()
        assert await two == 4
