"""Each loop, built from settings, tenants and clients. `app` says when.

One module, however long: what is built here knows nothing of how the others are.
"""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from consumer.clients import Clients
from consumer.codec.port import Schemas
from consumer.codec.reader import EventReader
from consumer.codec.writer import OutcomeWriter
from consumer.errors import Stop
from consumer.failpoints import UNARMED, Failpoints
from consumer.intake.batch import BatchReader
from consumer.intake.dead_letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.ledger.vault import open_vault
from consumer.loops import Drain, Loop, blocking
from consumer.mail.limits import MailgunTerms
from consumer.mail.mailgun import SERVICE as MAIL
from consumer.mail.mailgun import open_mailer
from consumer.mail.rendering import Templates
from consumer.maintenance.certificates import certificates_job
from consumer.maintenance.loop import NAME as MAINTENANCE
from consumer.maintenance.loop import Maintenance
from consumer.maintenance.overview import overview_job
from consumer.maintenance.reconciliation import reconciliation_job
from consumer.maintenance.retention import retention_jobs
from consumer.observe.health import Progress
from consumer.observe.metrics import Metrics
from consumer.outbound.relay import Relay
from consumer.pacing.pacer import Pacer
from consumer.pacing.quota import Quota
from consumer.policy.decision import DecisionTable
from consumer.policy.passwords import generate
from consumer.policy.patterns import pattern_errors
from consumer.providers.factory import open_directories, terms_of
from consumer.provisioning.announcing import OutcomeAnnouncer
from consumer.provisioning.breaker import Breakers
from consumer.provisioning.containment import Experience, Limits
from consumer.provisioning.ending import Pace
from consumer.provisioning.guards import guards_of
from consumer.provisioning.institution import Institution, Institutions
from consumer.provisioning.pool import Pool
from consumer.provisioning.scheduler import Share
from consumer.provisioning.student import StudentWorker
from consumer.provisioning.tools import Tools
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.snapshot import CurrentIds, Derived, InForce, Snapshot
from consumer.tenants import Outline, Tenant

_HELD_FIRST = 300.0
"""Seconds: what waits for a person is tried again after this at first. For a tenant it stays so, as it costs one call; students wait longer
and longer."""


class Assembly:
    """Builds; starts nothing and connects to nothing.

    `beat` receives the loop that turns, `progress` the intake's progress; `stopping` says whether the process ends. `unreadable` are the
    tenants whose files hold mistakes. What acts for one whose outline is known is taken in, and waits in the ledger until its file is
    corrected; events of the others go to the dead letters. `unusable` are these and the tenants of which a secret, key or certificate
    could not be opened. Whatever is built here follows the tenants in `in_force`.
    """

    def __init__(
        self,
        settings: Settings,
        tenants: Sequence[Tenant],
        open_secret: SecretOpener,
        *,
        metrics: Metrics,
        beat: Callable[[str], None],
        stopping: Callable[[], bool],
        name: str,
        progress: Progress | None = None,
        failpoints: Failpoints = UNARMED,
        unreadable: Mapping[str, Outline | None] | None = None,
        unusable: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self.in_force = InForce(Snapshot.of(tenants, unreadable))
        self._open_secret = open_secret
        self._metrics = metrics
        self._beat = beat
        self._stopping = stopping
        self._name = name
        self._progress = progress
        self._failpoints = failpoints
        self._pacer: Pacer | None = None
        for ident in {*(unreadable or ()), *unusable}:
            metrics.tenant_unusable.labels(ident).set(1)

    def loops(self, clients: Clients, schemas: Schemas, writer: OutcomeWriter) -> Sequence[Loop]:
        """All of a process. `schemas` are those of the input's writers."""
        intake = self.intake(clients, schemas)
        pool = self.pool(clients, self.worker(clients, writer))
        relay = self.relay(clients)
        maintenance = self.maintenance(clients)

        def stop_pool() -> None:
            pool.stop()
            self.pacer(clients).stop()

        def stop_relay() -> None:
            relay.stop()
            clients.wake()

        return (
            blocking("intake", intake.run, intake.stop),
            Loop("provisioning", lambda _: pool.run(drain=self._settings.shutdown), stop_pool),
            blocking("outbound", relay.run, stop_relay, drain=Drain.OUTCOMES),
            blocking(MAINTENANCE, maintenance.run, maintenance.stop),
        )

    def intake(self, clients: Clients, schemas: Schemas) -> Intake:
        kafka = self._settings.kafka
        return Intake(
            consumers=clients.consumer,
            topic=kafka.topics.status_changed,
            batches=BatchReader(EventReader(schemas), Derived(self.in_force, decisions)),
            inbox=clients.inbox(),
            dead_letters=DeadLetters(clients.dead_letter_producer, kafka.topics.dead_letters),
            tenants=CurrentIds(self.in_force),
            owner=self._name,
            batch_size=kafka.batch_size,
            metrics=self._metrics,
            beat=partial(self._beat, "intake"),
            static=kafka.group_instance_id is not None,
            progress=self._progress,
            park_unknown=kafka.park_unknown,
            beside=clients.beside(),
            clock=clients.monotonic,
            now=clients.unix,
            failpoints=self._failpoints,
        )

    def relay(self, clients: Clients, *, kind: type[Relay] = Relay) -> Relay:
        outbound = self._settings.outbound
        return kind(
            name=outbound.transactional_id,
            outbox=clients.outbox(),
            producers=clients.relay_producer,
            progress=clients.progress(),
            progress_topic=self._settings.kafka.topics.relay_progress,
            published=clients.published(),
            leadership=clients.leadership(),
            wait=clients.outcomes_announced,
            batch_size=outbound.batch_size,
            linger=outbound.linger,
            sweep=self._settings.provisioning.sweep,
            metrics=self._metrics,
            beat=partial(self._beat, "outbound"),
            clock=clients.monotonic,
            back_off=clients.back_off,
            failpoints=self._failpoints,
        )

    def pacer(self, clients: Clients) -> Pacer:
        """Always the same one: tenants may share a limit."""
        if self._pacer is None:
            self._pacer = Pacer(clients.quotas(), self._metrics)
        return self._pacer

    def pool(self, clients: Clients, worker: StudentWorker) -> Pool:
        timing = self._settings.provisioning
        return Pool(
            work=clients.work(),
            handle=worker.work,
            shares=Derived(self.in_force, _shares),
            concurrency=timing.concurrency,
            lease=timing.lease,
            sweep=timing.sweep,
            overdue=timing.report_after,
            worker=self._name,
            wait=clients.work_announced,
            beat=partial(self._beat, "provisioning"),
            metrics=self._metrics,
            in_line=self.pacer(clients).in_line,
            failpoints=self._failpoints,
        )

    def maintenance(self, clients: Clients) -> Maintenance:
        """A background job is added here."""
        jobs = retention_jobs(
            clients.retention(),
            self._settings.retention,
            attempts=Derived(self.in_force, _attempts),
            quarantines=Derived(self.in_force, _quarantines),
            sweep=self._settings.provisioning.sweep,
            metrics=self._metrics,
        )
        certified = Derived(self.in_force, _certified)
        jobs = (*jobs, certificates_job(self._settings, certified, self._open_secret, self._metrics))
        overviews = clients.overviews()
        if overviews is not None:
            jobs = (overview_job(overviews, self._settings.metrics, self._metrics), *jobs)
        reconciliations = clients.reconciliations(self._metrics)
        if reconciliations is not None:
            jobs = (*jobs, reconciliation_job(reconciliations, Derived(self.in_force, _reconciled)))
        return Maintenance(
            jobs,
            leadership=clients.lease_of(MAINTENANCE),
            metrics=self._metrics,
            beat=partial(self._beat, MAINTENANCE),
            clock=clients.monotonic,
            pause=clients.back_off,
        )

    def worker(self, clients: Clients, writer: OutcomeWriter) -> StudentWorker:
        timing = self._settings.provisioning
        held_first = min(_HELD_FIRST, timing.held_retry)
        tools = Tools(
            work=clients.work(),
            vault=open_vault(self._settings.vault, self._open_secret, random_bytes=clients.random_bytes),
            announce=OutcomeAnnouncer(writer, self._metrics),
            password=partial(generate, clients.random_bytes),
            templates=self.templates(),
            mail_hold_down=timing.mail_hold_down,
            credential_lifetime=timing.credential_lifetime,
            verify_after=timing.verify_after,
            failpoints=self._failpoints,
        )
        return StudentWorker(
            tools=tools,
            institutions=self.institutions(clients),
            limits=Limits(
                call=timing.call_timeout, lease=timing.lease, tenant_held=held_first, throttled=timing.throttle_wait
            ),
            pace=Pace(
                base=timing.retry_base,
                cap=timing.retry_cap,
                held_first=held_first,
                held=timing.held_retry,
                verify=timing.verify_after,
                report_after=timing.report_after,
                report_attempts=timing.report_attempts,
            ),
            experience=Experience(Breakers(wait=timing.breaker_wait)),
            metrics=self._metrics,
            rng=random.Random(clients.random_bytes(8)),  # noqa: S311  spreads retries, guards nothing
            stopping=self._stopping,
        )

    def templates(self) -> Templates:
        return Templates(self._settings.templates_dir)

    def institutions(self, clients: Clients) -> Institutions:
        """Every tenant; one that cannot be opened is held by itself."""
        return Institutions(
            lambda: self.in_force.now.tenants,
            partial(self.institution, clients),
            clock=clients.monotonic,
            metrics=self._metrics,
        )

    def institution(self, clients: Clients, tenant: Tenant) -> Institution:
        """The tenant with the connections for its work. Raises `Stop` where its patterns, secrets, keys or CA files cannot be used."""
        for pattern in tenant.addresses.patterns:
            for wrong in pattern_errors(pattern):
                raise Stop(f"An address pattern is wrong: {wrong}.")
        pacer, terms = self.pacer(clients), dict(terms_of(tenant))
        if tenant.mailgun:
            terms[MAIL] = MailgunTerms(tenant.mailgun)
        quotas = {service: Quota(tenant.id, service, of, pacer) for service, of in terms.items()}
        return Institution(
            tenant,
            open_directories(tenant, http=clients.http, tokens=clients.tokens, quotas=quotas),
            open_mailer(tenant.mailgun, http=clients.http, open_secret=self._open_secret, quota=quotas[MAIL])
            if tenant.mailgun
            else None,
            quotas=quotas,
        )


def decisions(snapshot: Snapshot) -> DecisionTable:
    """What events mean: also to tenants whose files hold mistakes, as far as these still tell their status tables."""
    return DecisionTable.of([*snapshot.tenants.values(), *snapshot.outlines.values()], unreadable=snapshot.unreadable)


def _shares(snapshot: Snapshot) -> Mapping[str, Share]:
    return {
        ident: Share(tenant.concurrency, tuple(at.value for at in tenant.providers), guards_of(tenant))
        for ident, tenant in snapshot.tenants.items()
    }


def _reconciled(snapshot: Snapshot) -> Sequence[Tenant]:
    return [one for _, one in sorted(snapshot.tenants.items()) if one.reconcile is not None]


def _certified(snapshot: Snapshot) -> Sequence[Tenant]:
    return [one for one in snapshot.tenants.values() if one.microsoft and one.microsoft.certificate]


def _attempts(snapshot: Snapshot) -> Mapping[str, float]:
    return {one.id: one.keep_attempts for one in snapshot.tenants.values() if one.keep_attempts is not None}


def _quarantines(snapshot: Snapshot) -> Mapping[str, float]:
    return {one.id: one.addresses.quarantine for one in snapshot.tenants.values()}
