"""The step protocol around every call to a vendor.

    turn within the vendor's limits ─▶ intent committed (lease checked, tenant's wait checked) ─▶ call, with a deadline
                                         ─▶ result committed with the next intent, or the end

A crash in between leaves STARTED, which the next owner treats like UNKNOWN. What a failed call leads to is committed at once. A call is
not begun when the tenant's service waits, nor when the lease could end before the call's deadline, nor for an event that is not the newest
any more.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
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
)
from consumer.events import Provider, StepName
from consumer.failpoints import LOOK_UP, Boundaries, Point
from consumer.ledger.known import Known
from consumer.ledger.port.places import place_of
from consumer.ledger.port.student import StepState
from consumer.ledger.port.work import Waiting
from consumer.ledger.port.writes import (
    BeginStep,
    DestroyCredential,
    EndStep,
    KeepLease,
    SealCredential,
    TenantWaits,
    Write,
)
from consumer.observe import tracing
from consumer.observe.metrics import Metrics
from consumer.pacing.quota import NO_QUOTAS, UNLIMITED, Turns
from consumer.provisioning.commits import Commits
from consumer.provisioning.containment import Containment, Experience, Limits

_STOOD_STILL = 5.0
"""Seconds after an intent was asked for, from which on its call is not begun: an intent takes far less."""

T = TypeVar("T")

_Named = tuple[Sequence[Write], Point]
"""Writes, and the name of their commit."""


class Effects:
    """Calls about one student at one provider under one lease. Not for concurrent use. `metrics` count what becomes of them.

    `quotas` are the limits of the tenant's services, by their names.

    A result that was left for later is committed with whatever is committed next.
    """

    def __init__(
        self,
        commits: Commits,
        *,
        limits: Limits,
        metrics: Metrics,
        experience: Experience,
        quotas: Mapping[str, Turns] = NO_QUOTAS,
    ) -> None:
        self.metrics = metrics
        self._quotas = quotas
        self.containment = Containment(commits.job.lease, limits=limits, metrics=metrics, experience=experience)
        self._commits = commits
        self._limits = limits
        self._unwritten: list[_Named] = []

    @property
    def known(self) -> Known:
        """What the ledger has, and the results that it is going to have."""
        return self._commits.known

    def now(self) -> datetime:
        """The database's time."""
        return self._commits.now()

    def later(self, writes: Sequence[Write], at: Point) -> None:
        """Has these writes committed with whatever is committed next; `at` names their commit."""
        self._commits.fold(writes)
        self._unwritten.append((writes, at))

    def unwritten(self) -> tuple[Sequence[Write], Sequence[Point]]:
        """What was left for later, which is the caller's to commit now."""
        taken, self._unwritten = self._unwritten, []
        return _together(taken)

    async def flush(self) -> None:
        """Commits what was left for later, if anything was. Raises as `commit` does; it is left for later again then."""
        earlier, self._unwritten = self._unwritten, []
        if not earlier:
            return
        try:
            await self._commits.commit(*_together(earlier))
        except BaseException:
            self._unwritten = [*earlier, *self._unwritten]
            raise

    async def commit(self, writes: Sequence[Write], at: Point) -> None:
        """Commits under the lease, with what was left for later; retries while the database is unavailable and the lease can still be held.

        `at` names the commit. Raises `Fenced` where the lease is lost, `Unavailable` where the database is for too long.
        """
        await self._commit(writes, at, service=None)

    async def ask(
        self,
        name: StepName,
        service: str,
        call: Callable[[float], Awaitable[T]],
        *,
        part: str | None = None,
        ahead_of: str | None = None,
    ) -> T:
        """A call that changes nothing at the vendor, for this step: leased and held back like any other, but not recorded.

        `ahead_of`: the part of the service that is needed next; while that waits, the look-up is of no use, and not made.
        """
        async with self._passage(name, service, part, writes=False):
            until = await self._open(service, ahead_of or part, [KeepLease(timeout=self._limits.call)], LOOK_UP.intent)
            try:
                answer = await self._call(call, LOOK_UP.answer, until)
            except Fault as fault:
                if waits := self.containment.waits(name, service, part, fault):
                    await self.commit([waits], LOOK_UP.result)
                raise
            self.containment.answered(service, part)
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
        undo: Sequence[Write] = (),
        uncertain: bool = False,
    ) -> T:
        """One effect; `at` names its boundaries. `before` is committed with the intent, what `then` makes of the answer with the result,
        `undo` with a refusal.

        `uncertain`: an earlier attempt may have been carried out, so that only a success settles the step. Raises what the call
        raises. After `AddressTaken` this attempt counts as not carried out; the caller finds out who holds the address.
        """
        async with self._passage(name, service, part, writes=True):
            version = self._commits.job.desired.event.version
            begin = BeginStep(provider, name, version, request_hash, self._limits.call)
            until = await self._open(service, part, [*before, begin], at.intent)
            try:
                answer = await self._call(call, at.answer, until)
            except Fault as fault:
                state, reason = _ended(fault, uncertain=uncertain)
                self.metrics.steps.labels(provider, name, state).inc()
                waits = self.containment.waits(name, service, part, fault)
                ended = EndStep(provider, name, state, reason, code=fault.code, request_id=fault.request_id)
                undone = () if isinstance(fault, OutcomeUnknown) else undo
                await self.commit([ended, *undone, *([waits] if waits else [])], at.result)
                raise
            self.containment.answered(service, part)
        self.metrics.steps.labels(provider, name, StepState.DONE).inc()
        result = [EndStep(provider, name, StepState.DONE), *then(answer)]
        if any(isinstance(write, TenantWaits) for write in result):
            await self.commit(result, at.result)  # the next intent must meet the wait
        else:
            self.later(result, at.result)
        return answer

    @asynccontextmanager
    async def _passage(self, name: StepName, service: str, part: str | None, *, writes: bool) -> AsyncGenerator[None]:
        """Around one call, from before its intent on: it is this call's turn within the vendor's limits, and no breaker is open."""
        turns = self._quotas.get(service, UNLIMITED)
        about = {"provisioner.step": name, "provisioner.service": service}
        work_class, patience = self._commits.job.work_class, self._limits.lease / 4
        with tracing.span(f"step {name}" if writes else f"look up for {name}", about=about):
            async with turns.turn(name, writes=writes, work_class=work_class, patience=patience, on_wait=self.flush):
                with self.containment.passage(service, part):
                    yield

    async def _call(self, call: Callable[[float], Awaitable[T]], at: Point, until: float) -> T:
        left = until - asyncio.get_running_loop().time()
        if self._limits.call - left > _STOOD_STILL:
            # The tenant's service may have been made to wait meanwhile.
            raise RetryLater("The process stood still before the call, which was not begun.", after=0.0)
        answer = await call(left)
        await self._commits.failpoints.reach_async(at, lost=OutcomeUnknown("The answer got lost."))
        return answer

    async def _open(self, service: str, part: str | None, writes: Sequence[Write], at: Point) -> float:
        """Until when the call may last, by the event loop's clock: a process that stood still behind its intent must not begin it then."""
        try:
            return await self._commit(writes, at, service=place_of(service, part)) + self._limits.call
        except Waiting as waiting:
            kind = OnHold if waiting.held else RetryLater
            why = f"No call was made: `{waiting.service}` waits."
            raise kind(why, reason=waiting.reason, after=waiting.seconds, code=waiting.code) from waiting

    async def _commit(self, writes: Sequence[Write], at: Point, *, service: str | None) -> float:
        """When the commit that succeeded was asked for."""
        if _must_precede(self._unwritten, writes):
            await self.flush()
        earlier, self._unwritten = self._unwritten, []
        before, points = _together(earlier)
        try:
            asked_at = await self._commits.commit([*before, *writes], [*points, at], service=service)
        except BaseException:
            self._unwritten = [*earlier, *self._unwritten]
            raise
        self._commits.fold(writes)
        return asked_at


def _together(commits: Sequence[_Named]) -> tuple[Sequence[Write], Sequence[Point]]:
    return [write for writes, _ in commits for write in writes], [at for _, at in commits]


def _must_precede(earlier: Sequence[_Named], writes: Sequence[Write]) -> bool:
    """One commit is written kind by kind: a step begins before it ends there, and a password is sealed before passwords are destroyed."""
    before, _ = _together(earlier)
    ended = {(write.provider, write.name) for write in before if isinstance(write, EndStep)}
    destroyed = {write.provider for write in before if isinstance(write, DestroyCredential)}
    return any(
        (isinstance(write, BeginStep) and (write.provider, write.name) in ended)
        or (isinstance(write, SealCredential) and write.provider in destroyed)
        for write in writes
    )


def _ended(fault: Fault, *, uncertain: bool) -> tuple[StepState, Reason]:
    """How an attempt ended. What an earlier attempt left unknown stays unknown until it is found out."""
    if isinstance(fault, OutcomeUnknown):
        return StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN
    if isinstance(fault, RetryLater | AddressTaken):
        return (StepState.UNKNOWN if uncertain else StepState.RETRYABLE), fault.reason
    if isinstance(fault, Hold):
        return (StepState.UNKNOWN if uncertain else StepState.HELD), fault.reason
    reason = fault.reason if isinstance(fault, GiveUp) else Reason.UNEXPECTED_ANSWER
    return StepState.FAILED, reason
