"""The step protocol around every call to a vendor.

    intent committed (lease checked, tenant's wait checked) ─▶ call, with a deadline ─▶ result committed with what follows from it

A crash between the two commits leaves STARTED, which the next owner treats like UNKNOWN. A call is not begun when the tenant's
service waits, nor when the lease could end before the call's deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from consumer.errors import (
    AddressTaken,
    Fault,
    GiveUp,
    Hold,
    OutcomeUnknown,
    Reason,
    RetryLater,
    Scope,
    Throttled,
    Unavailable,
)
from consumer.events import Provider, StepName
from consumer.failpoints import LOOK_UP, UNARMED, Boundaries, Failpoints, Point, commit_lost
from consumer.ledger.port import BeginStep, EndStep, KeepLease, Lease, StepState, TenantWaits, Waiting, Work, Write
from consumer.observe.metrics import Metrics
from consumer.provisioning.breaker import Breaker, Breakers

_COMMIT_PAUSE = 0.2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `call` for one call in all; `lease` for which a result is worth committing; `tenant_held` until a tenant that waits for
    a person is tried again; `throttled` where a vendor names no time."""

    call: float
    lease: float
    tenant_held: float
    throttled: float = 30.0


class Effects:
    """Calls about one student under one lease. Not for concurrent use on the same step. `metrics` count what becomes of them."""

    def __init__(
        self,
        *,
        work: Work,
        lease: Lease,
        version: int,
        limits: Limits,
        metrics: Metrics,
        breakers: Breakers,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._work = work
        self._lease = lease
        self._version = version
        self._limits = limits
        self.metrics = metrics
        self._breakers = breakers
        self._failpoints = failpoints

    async def commit(self, writes: Sequence[Write], at: Point) -> None:
        """Commits under the lease, and insists while the database is away, as long as the lease can still be ours. `at` names the commit.

        Raises `Fenced` when it no longer is, `Unavailable` when the time is over.
        """
        await self._insist(writes, at, service=None)

    async def ask(self, service: str, call: Callable[[float], Awaitable[T]]) -> T:
        """A call that changes nothing at the vendor: leased and held back like any other, but not recorded."""
        with self._breaker(service).passage():
            until = await self._open(service, [KeepLease(timeout=self._limits.call)], LOOK_UP.intent)
            try:
                answer = await self._call(call, LOOK_UP.answer, until)
            except Fault as fault:
                if waits := self.waits(service, fault):
                    await self.commit([waits], LOOK_UP.result)
                raise
            self._breaker(service).answered()
            return answer

    async def step(
        self,
        provider: Provider,
        name: StepName,
        at: Boundaries,
        *,
        service: str,
        request_hash: bytes,
        call: Callable[[float], Awaitable[T]],
        then: Callable[[T], Sequence[Write]],
        before: Sequence[Write] = (),
        uncertain: bool = False,
    ) -> T:
        """One effect; `at` names its boundaries. `before` is committed with the intent, what `then` makes of the answer with the result.

        `uncertain`: an earlier attempt may have been carried out, so that only a success settles the step. Raises what the call
        raises. After `AddressTaken` this attempt counts as not carried out; the caller finds out whose the address is.
        """
        with self._breaker(service).passage():
            begin = BeginStep(provider, name, self._version, request_hash, self._limits.call)
            until = await self._open(service, [*before, begin], at.intent)
            try:
                answer = await self._call(call, at.answer, until)
            except Fault as fault:
                state, reason = _ended(fault, uncertain=uncertain)
                self.metrics.steps.labels(provider, name, state).inc()
                waits = self.waits(service, fault)
                await self.commit([EndStep(provider, name, state, reason), *([waits] if waits else [])], at.result)
                raise
            self._breaker(service).answered()
        self.metrics.steps.labels(provider, name, StepState.DONE).inc()
        await self.commit([EndStep(provider, name, StepState.DONE), *then(answer)], at.result)
        return answer

    def _breaker(self, service: str) -> Breaker:
        return self._breakers.of(self._lease.tenant_id, service)

    async def _call(self, call: Callable[[float], Awaitable[T]], at: Point, until: float) -> T:
        answer = await call(max(0.0, until - asyncio.get_running_loop().time()))
        await self._failpoints.reach_async(at, lost=OutcomeUnknown("The answer got lost."))
        return answer

    async def _open(self, service: str, writes: Sequence[Write], at: Point) -> float:
        """Until when the call may last, by the event loop's clock: a process that stood still behind its intent must not begin it then."""
        try:
            return await self._insist(writes, at, service=service) + self._limits.call
        except Waiting as waiting:
            raise RetryLater("The tenant's service waits.", reason=Reason.THROTTLED, after=waiting.seconds) from waiting

    async def _insist(self, writes: Sequence[Write], at: Point, *, service: str | None) -> float:
        """When the commit that succeeded was asked for."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self._limits.lease
        while True:
            asked_at = loop.time()
            try:
                await self._work.commit(self._lease, writes, service=service)
                await self._failpoints.reach_async(at, lost=commit_lost())
            except Unavailable:
                if loop.time() >= give_up_at:
                    raise
                await asyncio.sleep(_COMMIT_PAUSE)
            else:
                return asked_at

    def waits(self, service: str, fault: Fault) -> TenantWaits | None:
        """What must be committed so that the whole tenant waits, where the fault asks for that."""
        seconds = None
        if isinstance(fault, Unavailable | OutcomeUnknown):
            seconds = self._breaker(service).failed()
        else:
            self._breaker(service).answered()
        if isinstance(fault, Throttled):
            seconds = self._limits.throttled if fault.after is None else fault.after
        elif isinstance(fault, Hold) and fault.scope is Scope.TENANT:
            seconds = self._limits.tenant_held
        if seconds is None:
            return None
        self.metrics.tenant_waits.labels(self._lease.tenant_id, service).inc()
        return TenantWaits(service, seconds)


def _ended(fault: Fault, *, uncertain: bool) -> tuple[StepState, Reason]:
    """How an attempt ended. What an earlier attempt left unknown stays unknown until it is found out."""
    if isinstance(fault, OutcomeUnknown):
        return StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN
    if isinstance(fault, RetryLater | AddressTaken):
        return (StepState.UNKNOWN if uncertain else StepState.THROTTLED), fault.reason
    if isinstance(fault, Hold):
        return (StepState.UNKNOWN if uncertain else StepState.HELD), fault.reason
    reason = fault.reason if isinstance(fault, GiveUp) else Reason.UNEXPECTED_ANSWER
    return StepState.FAILED, reason
