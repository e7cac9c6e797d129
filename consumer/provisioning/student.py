"""One claimed student: each provider's steps, then one commit that settles the event or schedules the next try.

The accounts are made one provider after the other, since they share an address; what follows is done side by side.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from consumer.errors import Fault, Fenced, RetryLater, Stop
from consumer.events import Provider, ProviderAction, StepName
from consumer.failpoints import Point
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Job
from consumer.ledger.port.writes import Defer, DestroyCredential, SaveAccount, Settle, Verified, Write
from consumer.observe import tracing
from consumer.observe.log_context import about_student
from consumer.observe.metrics import Metrics
from consumer.policy.deletion import notice_at
from consumer.policy.plan import Plan, PlannedStep
from consumer.provisioning import dry_run
from consumer.provisioning.case import Case
from consumer.provisioning.commits import Commits
from consumer.provisioning.containment import Experience, Limits
from consumer.provisioning.effects import Effects
from consumer.provisioning.ending import Ending, Endings, Pace, announces_incomplete
from consumer.provisioning.institution import Institution
from consumer.provisioning.outcomes import completed
from consumer.provisioning.planning import is_expired, is_unannounced, plan_of
from consumer.provisioning.steps.catalogue import STEPS
from consumer.provisioning.steps.guarded import event_fault
from consumer.provisioning.steps.licences import is_missing
from consumer.provisioning.tools import Tools

log = structlog.get_logger()


class StudentWorker:
    """Works claimed students. `stopping`: the process is shutting down; a student is then handed back between two steps."""

    def __init__(
        self,
        *,
        tools: Tools,
        institutions: Mapping[str, Institution],
        limits: Limits,
        pace: Pace,
        experience: Experience,
        metrics: Metrics,
        rng: random.Random,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._tools = tools
        self._institutions = institutions
        self._limits = limits
        self._pace = pace
        self._experience = experience
        self._metrics = metrics
        self._endings = Endings(pace, metrics, rng)
        self._stopping = stopping

    async def work(self, job: Job, claimed_at: float | None = None) -> None:
        """Takes the missing steps as far as possible now, and ends the lease. Does not raise faults of vendors or of the ledger.

        `claimed_at` is the event loop's time at which the claim was asked for; without it, the student was claimed just now.
        """
        claimed_at = asyncio.get_running_loop().time() if claimed_at is None else claimed_at
        commits = Commits(
            self._tools.work,
            job,
            now=_database_clock(job, claimed_at),
            patience=self._limits.lease,
            failpoints=self._tools.failpoints,
        )
        lease, desired = job.lease, job.desired
        who = (lease.tenant_id, lease.student_id, str(desired.event.event_id))
        with (
            about_student(*who, attempt=job.attempt, traceparent=desired.traceparent),
            tracing.span("provision student", within=desired.traceparent, about=_described(job)),
        ):
            try:
                await self._work(job, commits)
            except Fenced:
                self._metrics.fenced_writes.labels("provisioning").inc()
                log.info("lease_lost", epoch=job.lease.epoch)
            except RetryLater as fault:
                # The ledger was unavailable for longer than the lease: the next claim finds what was committed.
                log.warning("lease_abandoned", reason=fault.reason)

    async def _work(self, job: Job, commits: Commits) -> None:
        institution = self._institutions.get(job.lease.tenant_id)
        if institution is None:
            # The tenant has left the configuration since the claim: to a replica that still has it, or until it is back.
            await commits.commit([Defer(0.0)], [Point.STUDENT_DEFERRED])
            return
        cases = [
            Case(job, institution, provider, self._effects(commits, institution), self._tools)
            for provider in _providers(job)
            if institution.fault or provider in institution.directories
        ]
        if institution.tenant.dry_run and not institution.fault and cases:
            await self._plan_only(commits, cases)
            return
        for case in cases:
            case.others = [other for other in cases if other is not case]
        await self._end(commits, cases, await self._worked(job, cases))

    async def _plan_only(self, commits: Commits, cases: Sequence[Case]) -> None:
        """Publishes the plans, and waits. An event that is settled has no plan: what is left of it is to be verified later."""
        job = commits.job
        plans = [] if job.settled else [await dry_run.planned(case) for case in cases]
        now = self._institutions.get(job.lease.tenant_id)
        # The end of all waits may have passed by meanwhile: it does not end this one.
        changed = now is not None and now.tenant is not cases[0].tenant
        defer = Defer(0.0 if changed else dry_run.AGAIN, dry_run.waits(cases))
        await commits.commit([*plans, defer], [Point.STUDENT_DEFERRED])

    def _effects(self, commits: Commits, institution: Institution) -> Effects:
        return Effects(
            commits,
            limits=self._limits,
            metrics=self._metrics,
            experience=self._experience,
            quotas=institution.quotas,
        )

    async def _worked(self, job: Job, cases: Sequence[Case]) -> Sequence[Ending]:
        if cases and (fault := cases[0].institution.fault or event_fault(job)):
            return [self._endings.of(case, _first_step(case), fault, Ending()) for case in cases]
        plans = [plan_of(case) for case in cases]
        accounts = [await self._taken(case, plan.account, Ending()) for case, plan in zip(cases, plans, strict=True)]
        if not job.desired.providers:
            return accounts
        rest = [self._rest(*each) for each in zip(cases, plans, accounts, strict=True)]
        return await asyncio.gather(*rest)

    async def _rest(self, case: Case, plan: Plan, account: Ending) -> Ending:
        """Grants and news. The mail is last: its password opens a finished account, or one that lacks only what the school must fix, or
        what is given behind everything else.
        """
        if account.stopped:
            return account
        granted = account
        for step in plan.grants:
            granted = await self._taken(case, [step], granted)
            if granted.stopped and not announces_incomplete(case, granted):
                return granted
        case.incomplete = granted.stopped or any(is_missing(case, step) for step in plan.last)
        news = await self._taken(case, plan.news, granted.going_on())
        ending = await self._taken(case, plan.last, news.going_on())
        if not granted.stopped and not ending.stopped and case.announced_incomplete:
            ending = ending.also(SaveAccount(replace(case.known_account(), incomplete=False)), completed(case))
        return ending

    async def _taken(self, case: Case, steps: Sequence[PlannedStep], so_far: Ending) -> Ending:
        """The steps, one after the other, until one of them stops the way."""
        for step in (STEPS[planned] for planned in steps):
            if self._stopping():
                return so_far.again_at_once()
            try:
                await step.ensure(case)
                if case.others:
                    await case.effects.flush()  # the calls at another provider may come before this one's next commit
            except (Fenced, Stop):
                raise
            except Fault as fault:
                return self._endings.of(case, step.name, fault, so_far)
        return so_far

    async def _end(self, commits: Commits, cases: Sequence[Case], endings: Sequence[Ending]) -> None:
        job = commits.job
        earlier = [case.effects.unwritten() for case in cases]
        writes = [write for unwritten, _ in earlier for write in unwritten]
        writes += [write for ending in endings for write in ending.writes]
        points = [point for _, named in earlier for point in named]
        again = [ending.again for ending in endings if ending.again is not None]
        waits = tuple(wait for ending in endings for wait in ending.waits)
        if not cases and job.desired.providers:
            again = [self._pace.held]  # its providers have left the tenant's configuration, and may come back
        if again:
            await commits.commit([*writes, Defer(min(again), waits)], [*points, Point.STUDENT_DEFERRED])
            return
        disposition = Disposition.FAILED if any(ending.failed for ending in endings) else Disposition.APPLIED
        settle = Settle(job.desired.event.version, disposition, self._pace.verify)
        writes += [*_forgotten(job), *_verified(job, cases), *_looked_after(commits, cases), settle]
        await commits.commit(writes, [*points, Point.STUDENT_SETTLED])
        if not job.settled:
            self._metrics.settled.labels(job.lease.tenant_id, disposition).inc()


def _first_step(case: Case) -> StepName:
    """Under which a fault is reported that lets no step begin."""
    if case.wants_account:
        return StepName.CREATE
    return StepName.RELEASE if case.job.desired.action is ProviderAction.RELEASE_ACCOUNT else StepName.SUSPEND


def _database_clock(job: Job, claimed_at: float) -> Callable[[], datetime]:
    """The database's time: that of the claim, and what has passed since it was asked for. So it may be ahead, by as long as that took."""
    loop = asyncio.get_running_loop()
    return lambda: job.now + timedelta(seconds=loop.time() - claimed_at)


def _providers(job: Job) -> Sequence[Provider]:
    """Where there may be something to do: where the newest event asks for it, or where a cancelled one left something unsure."""
    unsure = {step.provider for step in job.steps.values() if step.unsure} if job.settled else set[Provider]()
    cancelled = {account.provider for account in job.accounts.values() if account.delete_at is not None}
    return job.desired.providers or sorted(unsure | cancelled)


def _forgotten(job: Job) -> Sequence[Write]:
    """Passwords of an account that is not wanted any more: no mail carries them."""
    wanted = job.desired.providers and job.desired.wants_account
    return () if wanted else [DestroyCredential(provider) for provider in sorted(job.credentials)]


def _verified(job: Job, cases: Sequence[Case]) -> Sequence[Write]:
    """Providers whose accounts are verified now. One that has left the tenant's configuration is not verified forever.

    A student may be due for a deletion while an attempt may still be carried out: the verification comes later then.
    """
    unsure = {at for at, step in job.steps.items() if step.unsure}
    early = {case.provider for case in cases for at, name in unsure if at is case.provider and case.may_turn_up(name)}
    return [Verified(provider) for provider in sorted({at for at, _ in unsure} - early)] if job.settled else []


def _looked_after(commits: Commits, cases: Sequence[Case]) -> Sequence[Write]:
    """Accounts that a reconciliation wanted looked at again, and such whose deletion or its announcement was due: they were, and are not
    again, whatever came of it. What is not announced by the time of the deletion is then.
    """
    job = commits.job
    due = {
        account.provider
        for account in job.accounts.values()
        if is_expired(account, job.now) and account.announced_version >= job.desired.event.version
    }
    tenants = {case.provider: case.tenant for case in cases}
    writes: list[Write] = []
    for provider, account in commits.known.accounts.items():
        kept = replace(account, revisit=False, incomplete=False)
        if provider in due and is_expired(account, job.now):
            kept = replace(kept, delete_at=None)
        if tenant := tenants.get(provider):
            done = job.settled and is_unannounced(kept, tenant, job.now)
            at = None if done else notice_at(tenant.deletion, kept.delete_at, kept.noticed_for)
            kept = replace(kept, notice_at=at)
        if kept != account:
            writes.append(SaveAccount(kept))
    return writes


def _described(job: Job) -> tracing.Attributes:
    return {
        "provisioner.tenant_id": job.lease.tenant_id,
        "provisioner.event_id": str(job.desired.event.event_id),
        "provisioner.action": job.desired.action,
        "provisioner.attempt": job.attempt,
    }
