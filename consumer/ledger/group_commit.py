"""Many callers, one transaction: what arrives while one transaction runs goes into the next, as databases group their commits."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
AnswerT = TypeVar("AnswerT")


class GroupCommit(Generic[ItemT, AnswerT]):
    """Hands items to `flush` in groups, one group at a time, each caller waiting for its own answer.

    `flush` blocks and runs in `executor`: it takes a group and returns an answer or an exception for each item, in order. If it raises,
    every caller of the group gets that. A caller that is cancelled leaves its item in the group: it is written all the same.
    """

    def __init__(
        self, flush: Callable[[Sequence[ItemT]], Sequence[AnswerT | Exception]], executor: Executor, *, limit: int = 500
    ) -> None:
        self._flush = flush
        self._executor = executor
        self._limit = limit
        self._waiting: list[tuple[ItemT, asyncio.Future[AnswerT]]] = []
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: ItemT) -> AnswerT:
        """Returns the item's answer, or raises its exception."""
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name="group commit")
        return await future

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting[: self._limit], self._waiting[self._limit :]
            flushed = loop.run_in_executor(self._executor, self._flush, [item for item, _ in group])
            await asyncio.wait({flushed})
            failed = flushed.exception()
            answers = [failed] * len(group) if failed else flushed.result()
            for (_, future), answer in zip(group, answers, strict=True):
                _settle(future, answer)


def _settle(future: "asyncio.Future[AnswerT]", answer: AnswerT | BaseException) -> None:
    if future.done():
        return
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
