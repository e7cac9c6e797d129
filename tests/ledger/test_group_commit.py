"""Many callers share a flush; each gets its own answer, and none another's fault."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from consumer.ledger.faults import Locked
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
        group = GroupCommit(flush, threads, owner=abs)
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
        group = GroupCommit(flush, threads, owner=abs)
        answers = await asyncio.gather(*(group.submit(n) for n in (1, -2, 3)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 6]
    assert isinstance(answers[1], ValueError)


async def test_a_flush_that_fails_is_reported_to_all_in_it_and_the_next_continues() -> None:
    flush = Flush()
    flush.release.set()
    with ThreadPoolExecutor(1) as threads:
        group = GroupCommit(flush, threads, owner=abs)
        with pytest.raises(OSError):  # noqa: PT011  any
            await group.submit(13)
        assert await group.submit(1) == 2


async def test_a_caller_that_is_cancelled_takes_no_one_along() -> None:
    flush = Flush()
    with ThreadPoolExecutor(1) as threads:
        group = GroupCommit(flush, threads, owner=abs)
        one, two = asyncio.create_task(group.submit(1)), asyncio.create_task(group.submit(2))
        await asyncio.sleep(0)
        one.cancel()
        flush.release.set()
        assert await two == 4


class Locks:
    """Answers with the number, or `Locked` for those that are locked now."""

    def __init__(self, *locked: int) -> None:
        self.locked = set(locked)
        self.groups: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> Sequence[int | Exception]:
        self.groups.append(list(items))
        return [Locked("locked") if abs(item) in self.locked else item for item in items]


async def test_an_item_whose_row_is_locked_keeps_no_one_waiting_and_gets_through_when_it_is_free() -> None:
    flush = Locks(13)
    with ThreadPoolExecutor(2) as threads:
        group = GroupCommit(flush, threads, owner=abs, patience=60)
        locked = asyncio.create_task(group.submit(13))
        assert await asyncio.gather(*(group.submit(number) for number in range(10))) == list(range(10))
        assert not locked.done()
        flush.locked.clear()
        assert await locked == 13


async def test_whose_row_was_locked_does_not_join_the_groups_until_the_lock_is_gone() -> None:
    flush = Locks(13)
    with ThreadPoolExecutor(2) as threads:
        group = GroupCommit(flush, threads, owner=abs, patience=0)
        for _ in range(2):
            answers = await asyncio.gather(group.submit(-13), group.submit(1), return_exceptions=True)
            assert [type(answer) for answer in answers] == [Locked, int]
        flush.locked.clear()
        for _ in range(2):
            assert await asyncio.gather(group.submit(-13), group.submit(1)) == [-13, 1]
    assert [one for one in flush.groups if one != [1]] == [[-13, 1], [-13], [-13], [-13], [-13, 1]]


async def test_a_caller_that_has_waited_long_enough_for_a_lock_gets_that_answer() -> None:
    with ThreadPoolExecutor(2) as threads:
        group = GroupCommit(Locks(13), threads, owner=abs, patience=0)
        with pytest.raises(Locked):
            await group.submit(13)
