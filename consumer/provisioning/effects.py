"""The step protocol around every call to a vendor.

    intent committed (lease checked, tenant's wait checked) ─▶ call, with a deadline ─▶ result committed with what follows from it

A crash between the two commits leaves STARTED, which the next owner treats like UNKNOWN. A call is not begun when the tenant's
service waits, nor when the lease could end before the call's deadline, nor for an event that is not the newest any more.

A call names its service and, where it can be refused by itself, the part of it that it needs: a group, the licences, a kind of look-up.
A refusal makes those wait who are affected:

    Scope.TENANT     the service ──▶ every student of the tenant
    Scope.RESOURCE   the part    ──▶ every student whose calls need that part
    Scope.STUDENT    nothing     ──▶ but the same refusal, met by several students within minutes, is the institution's: the part
                                     waits where the call has one, else the service
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from consumer.errors import (
    AddressTaken,
    Fault,
    GiveUp,
    Hold,
    OnHold,
    OutcomeUnknown,
    Reason,
    RetryLater,
    Scope,
    Throttled,
    Unavailable,
)
from consumer.events import Provider, StepName
from consumer.failpoints import LOOK_UP, UNARMED, Boundaries, Failpoints, Point, commit_lost
from consumer.ledger.known import Known, apply
from consumer.ledger.port import BeginStep, EndStep, Job, KeepLease, StepState, TenantWaits, Waiting, Work, Write
from consumer.observe.metrics import Metrics
from consumer.provisioning.breaker import Breaker, Breakers
from consumer.provisioning.refusals import Refusals
from consumer.provisioning.waitlog import WaitLog

_COMMIT_PAUSE = 0.2
_STOOD_STILL = 5.0
"""Seconds after an intent was asked for, from which on its call is not begun: an intent takes far less."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `call` for one call in all; `lease` for which a result is worth committing; `tenant_held` until a tenant that waits for
    a person is tried again; `throttled` where a vendor names no time."""

    call: float
    lease: float
    tenant_held: float
    throttled: float = 30.0


@dataclass(frozen=True, slots=True)
class Experience:
    """What a process has met, over all of its students."""

    breakers: Breakers = field(default_factory=Breakers)
    refusals: Refusals = field(default_factory=Refusals)
    waits: WaitLog = field(default_factory=WaitLog)


class Effects:
    """Calls about one student under one lease. Not for concurrent use on the same step. `metrics` count what becomes of them.

    `known` is what the ledger has: as it was claimed, and what has been committed since. `now` is the database's time.
    """

    def __init__(
        self,
        *,
        work: Work,
        job: Job,
        now: Callable[[], datetime],
        limits: Limits,
        metrics: Metrics,
        experience: Experience,
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._work = work
        self._lease = job.lease
        self._version = job.desired.event.version
        self.now = now
        self.known = Known.of(job)
        self._limits = limits
        self.metrics = metrics
        self._experience = experience
        self._failpoints = failpoints

    async def commit(self, writes: Sequence[Write], at: Point) -> None:
        """Commits under the lease; retries while the database is unavailable and the lease can still be held. `at` names the commit.

        Raises `Fenced` when it no longer is, `Unavailable` when the time is over.
        """
        await self._insist(writes, at, service=None)

    async def ask(
        self, name: StepName, service: str, call: Callable[[float], Awaitable[T]], *, part: str | None = None
    ) -> T:
        """A call that changes nothing at the vendor, for this step: leased and held back like any other, but not recorded."""
        with self._passage(service, part):
            until = await self._open(service, part, [KeepLease(timeout=self._limits.call)], LOOK_UP.intent)
            try:
                answer = await self._call(call, LOOK_UP.answer, until)
            except Fault as fault:
                if waits := self.waits(name, service, part, fault):
                    await self.commit([waits], LOOK_UP.result)
                raise
            self._answered(service, part)
            return answer

    async def step(
        self,
        provider: Provider,
        name: StepName,
        at: Boundaries,
        *,
        service: str,
        part: str | None = None,
        request_hash: bytes,
        call: Callable[[float], Awaitable[T]],
        then: Callable[[T], Sequence[Write]],
        before: Sequence[Write] = (),
        uncertain: bool = False,
    ) -> T:
        """One effect; `at` names its boundaries. `before` is committed with the intent, what `then` makes of the answer with the result.

        `uncertain`: an earlier attempt may have been carried out, so that only a success settles the step. Raises what the call
        raises. After `AddressTaken` this attempt counts as not carried out; the caller finds out who holds the address.
        """
        with self._passage(service, part):
            begin = BeginStep(provider, name, self._version, request_hash, self._limits.call)
            until = await self._open(service, part, [*before, begin], at.intent)
            try:
                answer = await self._call(call, at.answer, until)
            except Fault as fault:
                state, reason = _ended(fault, uncertain=uncertain)
                self.metrics.steps.labels(provider, name, state).inc()
                waits = self.waits(name, service, part, fault)
                await self.commit([EndStep(provider, name, state, reason), *([waits] if waits else [])], at.result)
                raise
            self._answered(service, part)
        self.metrics.steps.labels(provider, name, StepState.DONE).inc()
        await self.commit([EndStep(provider, name, StepState.DONE), *then(answer)], at.result)
        return answer

    def _breaker(self, place: str) -> Breaker:
        return self._experience.breakers.of(self._lease.tenant_id, place)

    @contextmanager
    def _passage(self, service: str, part: str | None) -> Generator[None]:
        with self._breaker(service).passage():
            if part is None:
                yield
            else:
                with self._breaker(_place(service, part)).passage():
                    yield

    def _answered(self, service: str, part: str | None = None) -> None:
        now = asyncio.get_running_loop().time()
        for place in {service, _place(service, part)}:
            self._breaker(place).answered()
            self._experience.waits.answers(self._lease.tenant_id, place, now=now)

    async def _call(self, call: Callable[[float], Awaitable[T]], at: Point, until: float) -> T:
        left = until - asyncio.get_running_loop().time()
        if self._limits.call - left > _STOOD_STILL:
            # The tenant's service may have been made to wait meanwhile.
            raise RetryLater("The process stood still before the call, which was not begun.", after=0.0)
        answer = await call(left)
        await self._failpoints.reach_async(at, lost=OutcomeUnknown("The answer got lost."))
        return answer

    async def _open(self, service: str, part: str | None, writes: Sequence[Write], at: Point) -> float:
        """Until when the call may last, by the event loop's clock: a process that stood still behind its intent must not begin it then."""
        try:
            return await self._insist(writes, at, service=_place(service, part)) + self._limits.call
        except Waiting as waiting:
            kind = OnHold if waiting.held else RetryLater
            why = "The tenant's service, or what the call needs of it, waits."
            raise kind(why, reason=waiting.reason, after=waiting.seconds, code=waiting.code) from waiting

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
                now = self.now()
                for write in writes:
                    self.known = apply(self.known, write, version=self._version, epoch=self._lease.epoch, now=now)
                return asked_at

    def waits(self, name: StepName, service: str, part: str | None, fault: Fault) -> TenantWaits | None:
        """What must be committed so that all who are affected wait, where that is more than this student."""
        if not isinstance(fault, Hold | RetryLater | OutcomeUnknown):
            self._answered(service)
            return None
        place, seconds = service, None
        if isinstance(fault, Unavailable | OutcomeUnknown):
            seconds = self._breaker(service).failed()
        elif isinstance(fault, Hold) and (held := self._held_place(service, part, fault)):
            place, seconds = held, self._limits.tenant_held
            self._breaker(place).held(fault)
            if place != service:
                self._answered(service)
        else:
            self._answered(service)
        if isinstance(fault, Throttled):
            seconds = self._limits.throttled if fault.after is None else fault.after
        if seconds is None:
            return None
        self.metrics.tenant_waits.labels(self._lease.tenant_id, service).inc()
        now = asyncio.get_running_loop().time()
        self._experience.waits.waits(self._lease.tenant_id, place, fault, seconds=seconds, now=now)
        return TenantWaits(place, seconds, fault.reason, name, fault.code, held=isinstance(fault, Hold))

    def _held_place(self, service: str, part: str | None, hold: Hold) -> str | None:
        """The service or the part of it that waits after this hold; None where it is the student alone who does."""
        place = _place(service, part)
        if hold.scope is Scope.TENANT:
            return service
        if hold.scope is Scope.RESOURCE and part is not None:
            return place
        if hold.code is None:  # our own finding about this student, and no vendor's refusal
            return None
        refused = (self._lease.tenant_id, place, hold.code)
        now = asyncio.get_running_loop().time()
        return place if self._experience.refusals.common(refused, self._lease.student_id, now) else None


def _place(service: str, part: str | None) -> str:
    return service if part is None else f"{service}/{part}"


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
