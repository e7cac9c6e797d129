"""Many callers, one transaction: what arrives while one transaction runs goes into the next, as databases group their commits.

submit ─▶ group ─▶ flush ─▶ answer
                     └── Locked ─▶ apart: tried again every now and then, in groups of its kind, until it is answered or too late
"""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Generic, TypeVar

from consumer.ledger.faults import Locked

ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")

_PATIENCE = 5.0
"""Seconds for which an item whose rows are locked is tried again before its caller gets `Locked`."""
_GATHER = 0.01
"""Seconds for which a busy process gathers the next group: a transaction costs more than what is written in it."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
"""Seconds between tries: intake holds a row for milliseconds, an operator for minutes."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[ItemT, AnswerT]):
    item: ItemT
    future: asyncio.Future[AnswerT]
    until: float


class GroupCommit(Generic[ItemT, AnswerT]):
    """Hands items to `flush` in groups, one group at a time, each caller waiting for its own answer.

    `flush` blocks and runs in `executor`: it takes a group and returns an answer or an exception for each item, in order. If it raises,
    every caller of the group gets that. A caller that is cancelled leaves its item in the group: it is written all the same.

    An item that is answered `Locked` is tried again apart from the groups, which do not wait for it; at most two groups are then under
    way, one of either kind. Until it has got through, other items of the same `owner` do not join the groups either.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[ItemT]], Sequence[AnswerT | Exception]],
        executor: Executor,
        *,
        owner: Callable[[ItemT], Hashable],
        limit: int = 500,
        patience: float = _PATIENCE,
    ) -> None:
        self._flush = flush
        self._executor = executor
        self._owner = owner
        self._limit = limit
        self._patience = patience
        self._waiting: list[_Waiting[ItemT, AnswerT]] = []
        self._runner: asyncio.Task[None] | None = None
        self._apart: list[_Waiting[ItemT, AnswerT]] = []
        self._apart_runner: asyncio.Task[None] | None = None
        self._locked: set[Hashable] = set()

    async def submit(self, item: ItemT) -> AnswerT:
        """Returns the item's answer, or raises its exception."""
        loop = asyncio.get_running_loop()
        waiting: _Waiting[ItemT, AnswerT] = _Waiting(item, loop.create_future(), loop.time() + self._patience)
        if self._owner(item) in self._locked:
            self._set_apart([waiting])
        else:
            self._waiting.append(waiting)
            if self._runner is None or self._runner.done():
                self._runner = asyncio.create_task(self._run(), name="group commit")
        return await waiting.future

    async def _run(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            if locked := await self._write(group):
                self._set_apart(locked)
            if self._waiting:
                await asyncio.sleep(_GATHER)

    def _set_apart(self, locked: Sequence[_Waiting[ItemT, AnswerT]]) -> None:
        self._apart += locked
        if self._apart_runner is None or self._apart_runner.done():
            self._apart_runner = asyncio.create_task(self._run_apart(), name="group commit, locked")

    async def _run_apart(self) -> None:
        pause = _FIRST_PAUSE
        while self._apart:
            await asyncio.sleep(pause)
            group, self._apart = self._apart[: self._limit], self._apart[self._limit :]
            locked = await self._write(group)
            pause = _FIRST_PAUSE if self._apart else min(_LONGEST_PAUSE, 2 * pause)
            now = asyncio.get_running_loop().time()
            for waiting in locked:
                if waiting.until > now:
                    self._apart.append(waiting)
                else:
                    _settle(waiting.future, Locked("Another transaction holds a row that is needed."))

    async def _write(self, group: Sequence[_Waiting[ItemT, AnswerT]]) -> Sequence[_Waiting[ItemT, AnswerT]]:
        """Answers all but those whose rows are locked, which it returns."""
        flush = asyncio.get_running_loop().run_in_executor(self._executor, self._flush, [one.item for one in group])
        await asyncio.wait({flush})
        failed = flush.exception()
        answers = [failed] * len(group) if failed else flush.result()
        locked: list[_Waiting[ItemT, AnswerT]] = []
        for waiting, answer in zip(group, answers, strict=True):
            owner = self._owner(waiting.item)
            if isinstance(answer, Locked):
                self._locked.add(owner)
                locked.append(waiting)
            else:
                self._locked.discard(owner)
                _settle(waiting.future, answer)
        return locked


def _settle(future: "asyncio.Future[AnswerT]", answer: AnswerT | BaseException) -> None:
    if future.done():
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
