"""One tenant's calls to one service, within its vendor's limits."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from typing import Protocol

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call, Http
from consumer.http.deadline import Deadline
from consumer.pacing.bucket import Bucket, OnWait
from consumer.pacing.limit import Limit
from consumer.pacing.pacer import Pacer
from consumer.pacing.terms import Cost, Terms
from consumer.policy.work_class import WorkClass

_turn: ContextVar[dict[Limit, int]] = ContextVar("turn")
"""What the student whose turn it is has taken and not spent. Its calls are made below several layers that have nothing to do with it."""


_SOON = 3.0
"""Seconds for which a request within a step waits at most."""


class Turns(Protocol):
    """Where steps wait for their turn."""

    def turn(
        self, step: StepName, *, writes: bool, work_class: WorkClass, patience: float, on_wait: OnWait
    ) -> AbstractAsyncContextManager[None]:
        """Begins when a call of this step may be made. Raises `RetryLater` where that would take more than `patience` seconds.

        Urgent work is first in line, and leaves every fourth turn to other work that waits.

        `on_wait` is called first where it takes a while.
        """
        ...


class Quota:
    """Keeps `Turns`. The buckets that it uses live as long as it does."""

    def __init__(self, tenant_id: str, service: str, terms: Terms, pacer: Pacer) -> None:
        self._tenant_id = tenant_id
        self._service = service
        self._terms = terms
        self._pacer = pacer
        self._buckets: dict[Limit, Bucket] = {}

    def over(self, http: Http) -> Http:
        """The same, with each request charged."""
        return _PacedHttp(http, self)

    @asynccontextmanager
    async def turn(
        self, step: StepName, *, writes: bool, work_class: WorkClass, patience: float, on_wait: OnWait
    ) -> AsyncGenerator[None]:
        """See `Turns`. The tokens are taken one limit after the other, the narrowest first; what is not spent is given back."""
        taken: dict[Limit, int] = {}
        token = _turn.set(taken)
        try:
            await self._take(self._terms.of_step(step, writes=writes), taken, work_class, patience, on_wait)
            yield
        finally:
            _turn.reset(token)
            for limit, left in taken.items():
                self._bucket(limit).give_back(left)

    async def _take(
        self, cost: Cost, taken: dict[Limit, int], work_class: WorkClass, patience: float, on_wait: OnWait
    ) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        in_line: AbstractContextManager[None] = self._pacer.waiting(self._tenant_id, work_class)
        if self._terms.patience is not None:
            in_line, patience = nullcontext(), min(patience, self._terms.patience)
        try:
            with in_line:
                for limit, tokens in cost.items():
                    left = began + patience - loop.time()
                    await self._bucket(limit).take(tokens, work_class=work_class, patience=left, on_wait=on_wait)
                    taken[limit] = tokens
        finally:
            self._pacer.metrics.limit_wait_seconds.labels(self._service).observe(loop.time() - began)

    async def own_turn(self, call: Call, *, patience: float) -> None:
        """Returns when the request may be made by the limits that each request waits for. Raises `RetryLater` where that is not soon:
        its intent is committed, and meanwhile the vendor may have asked another student's call to wait.
        """
        patience = min(patience, _SOON)
        for limit, tokens in self._terms.of_call(call).items():
            if limit.each_request and (missing := tokens - _from_turn(limit, tokens)):
                await self._bucket(limit).take(
                    missing, work_class=WorkClass.NORMAL, patience=patience, on_wait=_nothing
                )

    def charge(self, call: Call) -> None:
        """The request is made now, whether there are tokens for it or not."""
        for limit, tokens in self._terms.of_call(call).items():
            if not limit.each_request and (missing := tokens - _from_turn(limit, tokens)):
                self._bucket(limit).spend(missing)

    def answered(self, call: Call, answer: Answer) -> None:
        """What the answer says of the vendor's limits."""
        if (used := self._terms.used(answer)) is not None:
            self._pacer.metrics.limit_used.labels(self._tenant_id, self._service).set(used)
        if (limit := self._terms.refused(call, answer)) is not None:
            self._pacer.metrics.limit_refusals.labels(self._tenant_id, self._service, limit.name).inc()
            self._pacer.refused(limit)

    def _bucket(self, limit: Limit) -> Bucket:
        if limit not in self._buckets:
            self._buckets[limit] = self._pacer.bucket(limit)
        return self._buckets[limit]


def _from_turn(limit: Limit, tokens: int) -> int:
    """How many of these tokens the turn held, which it does not any more."""
    taken = _turn.get({})
    held = min(tokens, taken.get(limit, 0))
    if held:
        taken[limit] -= held
    return held


class _PacedHttp:
    """Keeps `Http`."""

    def __init__(self, http: Http, quota: Quota) -> None:
        self._http = http
        self._quota = quota

    async def send(self, call: Call, *, timeout: float) -> Answer:
        deadline = Deadline(timeout)
        await self._quota.own_turn(call, patience=timeout)
        self._quota.charge(call)
        answer = await self._http.send(call, timeout=deadline.left())
        self._quota.answered(call, answer)
        return answer


async def _nothing() -> None:
    """What a call does that must wait: what its step had to commit is committed before."""


def over(http: Http, quota: Quota | None) -> Http:
    """Paced, where there is a quota."""
    return http if quota is None else quota.over(http)


NO_QUOTAS: Mapping[str, Quota] = {}
"""Where nothing is paced."""


class _Unlimited:
    """Keeps `Turns` where a service has no limits."""

    @asynccontextmanager
    async def turn(
        self, step: StepName, *, writes: bool, work_class: WorkClass, patience: float, on_wait: OnWait
    ) -> AsyncGenerator[None]:
        del step, writes, work_class, patience, on_wait
        yield


UNLIMITED: Turns = _Unlimited()
