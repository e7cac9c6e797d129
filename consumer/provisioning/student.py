"""One claimed student: each provider side by side, then one commit that settles the event or plans the next try."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from consumer.errors import Fenced, GiveUp, Hold, OutcomeUnknown, RetryLater, Scope
from consumer.events import MailState, StepName
from consumer.failpoints import Point
from consumer.ledger.port import Defer, Disposition, Job, Publish, Settle, Verified
from consumer.observe.metrics import Metrics
from consumer.policy.backoff import delay
from consumer.provisioning.address import ensure_reserved
from consumer.provisioning.announce import ensure_announced, failed, welcome
from consumer.provisioning.breaker import Breakers
from consumer.provisioning.case import Case, Tools
from consumer.provisioning.create import ensure_created
from consumer.provisioning.effects import Effects, Limits
from consumer.provisioning.grants import ensure_groups, ensure_licences
from consumer.provisioning.institution import Institution
from consumer.provisioning.verify import ensure_verified
from consumer.provisioning.welcome import ensure_welcomed

log = structlog.get_logger()

_WAY: Sequence[tuple[StepName, Callable[[Case], Awaitable[None]]]] = (
    (StepName.CREATE, ensure_verified),
    (StepName.ADDRESS, ensure_reserved),
    (StepName.CREATE, ensure_created),
    (StepName.LICENCES, ensure_licences),
    (StepName.GROUPS, ensure_groups),
    (StepName.GROUPS, ensure_announced),
    (StepName.WELCOME, ensure_welcomed),
)
"""Each does what is missing of its step, and nothing where nothing is. The mail is last: its password opens a finished account.

The first is for students whose event is settled already, and who are due because something is unsure."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: the back-off's `base` and `cap`; how long a held student waits before it is tried again by itself, and how long after
    its event was settled an account is verified where a step is unsure.
    """

    base: float
    cap: float
    held: float
    verify: float


@dataclass(frozen=True, slots=True)
class _Result:
    """How one provider's way ended: done (or failed for good), unless it goes on in `again` seconds."""

    failed: bool = False
    again: float | None = None
    outcomes: tuple[Publish, ...] = ()


class StudentWorker:
    """Works claimed students. `stopping` tells that the process wants to end: then a student is handed back between two steps."""

    def __init__(
        self,
        *,
        tools: Tools,
        institutions: Mapping[str, Institution],
        limits: Limits,
        pace: Pace,
        breakers: Breakers,
        metrics: Metrics,
        rng: random.Random,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tools = tools
        self._institutions = institutions
        self._limits = limits
        self._pace = pace
        self._breakers = breakers
        self._metrics = metrics
        self._rng = rng
        self._stopping = stopping

    async def work(self, job: Job, claimed_at: float | None = None) -> None:
        """Brings the student as far as it goes now, and ends the lease. Faults of vendors and of the ledger stay inside.

        `claimed_at` is the event loop's time at which the claim was asked for; without it, the student was claimed just now.
        """
        institution = self._institutions[job.lease.tenant_id]
        claimed_at = asyncio.get_running_loop().time() if claimed_at is None else claimed_at
        effects = Effects(
            work=self._tools.work,
            lease=job.lease,
            version=job.desired.event.version,
            limits=self._limits,
            metrics=self._metrics,
            breakers=self._breakers,
            failpoints=self._tools.failpoints,
        )
        cases = [
            Case(job, institution, provider, effects, self._tools, claimed_at=claimed_at)
            for provider in job.desired.providers
            if provider in institution.directories
        ]
        try:
            results = await asyncio.gather(*(self._way(case) for case in cases))
            await self._end(job, effects, results)
        except Fenced:
            self._metrics.fenced_writes.labels("provisioning").inc()
            log.info(
                "lease_lost", tenant_id=job.lease.tenant_id, student_id=job.lease.student_id, epoch=job.lease.epoch
            )
        except RetryLater as fault:
            # The ledger is away for longer than the lease: whoever claims the student next finds what was committed.
            log.warning("student_left_to_its_lease", tenant_id=job.lease.tenant_id, reason=fault.reason)

    async def _way(self, case: Case) -> _Result:
        for name, ensure in _WAY:
            if self._stopping():
                return _Result(again=0.0)
            try:
                await ensure(case)
            except RetryLater as fault:
                return self._later(case, name, fault.after)
            except OutcomeUnknown:
                return self._later(case, name, None)
            except Hold as fault:
                return self._held(case, name, fault)
            except GiveUp as fault:
                return self._gave_up(case, name, fault)
        if not case.job.settled:
            took = case.now() - case.job.desired.accepted_at
            self._metrics.time_to_account.labels(case.provider).observe(took.total_seconds())
        return _Result()

    def _later(self, case: Case, name: StepName, after: float | None) -> _Result:
        own = delay(max(1, case.job.attempt), base=self._pace.base, cap=self._pace.cap, jitter=self._rng.random())
        # A vendor's own time is a lower bound; what is added spreads the tenant's students.
        seconds = own if after is None else after + min(own, self._pace.base)
        log.debug("step_later", tenant_id=case.tenant.id, provider=case.provider, step=name, seconds=round(seconds, 1))
        return _Result(again=seconds)

    def _held(self, case: Case, name: StepName, fault: Hold) -> _Result:
        self._metrics.held.labels(case.tenant.id, case.provider, fault.reason).inc()
        self._tell("student_held", case, name, fault)
        seconds = self._limits.tenant_held if fault.scope is Scope.TENANT else self._pace.held
        retry_at = case.now() + timedelta(seconds=seconds)
        if name is StepName.WELCOME:
            outcome = welcome(case, MailState.FAILED, reason=fault.reason)
        else:
            outcome = failed(case, name, fault, retry_at=retry_at)
        return _Result(again=seconds + self._rng.random() * self._pace.base, outcomes=(outcome,))

    def _gave_up(self, case: Case, name: StepName, fault: GiveUp) -> _Result:
        self._tell("student_failed", case, name, fault)
        if name is StepName.WELCOME:
            # The account stands all the same; the school hands the credentials over in another way.
            return _Result(outcomes=(welcome(case, MailState.FAILED, reason=fault.reason),))
        return _Result(failed=True, outcomes=(failed(case, name, fault, retry_at=None),))

    def _tell(self, event: str, case: Case, name: StepName, fault: GiveUp | Hold) -> None:
        log.warning(
            event,
            tenant_id=case.tenant.id,
            student_id=case.student.student_id,
            provider=case.provider,
            step=name,
            reason=fault.reason,
        )

    async def _end(self, job: Job, effects: Effects, results: Sequence[_Result]) -> None:
        outcomes = [outcome for result in results for outcome in result.outcomes]
        again = [result.again for result in results if result.again is not None]
        if not results:
            again = [self._pace.held]  # its providers have left the tenant's configuration, and may come back
        if again:
            await effects.commit([*outcomes, Defer(min(again))], Point.STUDENT_DEFERRED)
            return
        disposition = Disposition.FAILED if any(result.failed for result in results) else Disposition.APPLIED
        settle = Settle(job.desired.event.version, disposition, self._pace.verify)
        await effects.commit([*outcomes, *_verified(job), settle], Point.STUDENT_SETTLED)
        if not job.settled:
            self._metrics.settled.labels(job.lease.tenant_id, disposition).inc()


def _verified(job: Job) -> Sequence[Verified]:
    """What the second look has made sure of. A provider that has left the tenant's configuration is not looked at for ever."""
    unsure = {step.provider for step in job.steps.values() if step.unsure}
    return [Verified(provider) for provider in sorted(unsure)] if job.settled else []
