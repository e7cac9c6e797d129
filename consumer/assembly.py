"""Each loop, built from settings and tenants. `app` says when."""

import base64
import random
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from confluent_kafka import Consumer, Producer
from sqlalchemy import Engine

from consumer.codec.reader import EventReader
from consumer.codec.registry import Registry, open_registry
from consumer.codec.writer import OutcomeWriter
from consumer.errors import Stop
from consumer.events import Outcome
from consumer.failpoints import UNARMED, Failpoints
from consumer.http.client import HttpClient
from consumer.intake.batch import BatchReader
from consumer.intake.letters import DeadLetters
from consumer.intake.loop import Intake
from consumer.kafka import consumer_config, producer_config
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.leadership import AdvisoryLeadership
from consumer.ledger.outbox import PostgresOutbox
from consumer.ledger.port import Publish
from consumer.ledger.vault import Vault
from consumer.ledger.wakeups import Wakeups
from consumer.ledger.work import PostgresWork
from consumer.mail.mailgun import open_mailer
from consumer.mail.rendering import Templates
from consumer.observe.metrics import Metrics
from consumer.outbound.progress import TopicProgress
from consumer.outbound.relay import Relay
from consumer.policy.decision import DecisionTable
from consumer.policy.passwords import generate
from consumer.providers.factory import open_directories, open_tokens
from consumer.provisioning.breaker import Breakers
from consumer.provisioning.case import Tools
from consumer.provisioning.effects import Limits
from consumer.provisioning.institution import Institution
from consumer.provisioning.pool import Pool
from consumer.provisioning.student import Pace, StudentWorker
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.tenants import Tenant


class Assembly:
    """Builds; starts nothing and connects to nothing. `beat` is told which loop turns, `stopping` says whether the process ends."""

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
        failpoints: Failpoints = UNARMED,
    ) -> None:
        self._settings = settings
        self._tenants = {tenant.id: tenant for tenant in tenants}
        self._open_secret = open_secret
        self._metrics = metrics
        self._beat = beat
        self._stopping = stopping
        self._name = name
        self._failpoints = failpoints

    def registry(self) -> Registry:
        """The schema registry's client."""
        return open_registry(self._settings.registry, self._open_secret)

    def database_password(self) -> str | None:
        reference = self._settings.database.password
        return self._open_secret(reference) if reference else None

    def engine(self) -> Engine:
        database = self._settings.database
        return open_engine(
            database.url, password=self.database_password(), pool_size=database.pool_size, name=self._name
        )

    def intake(self, engine: Engine, registry: Registry) -> Intake:
        kafka = self._settings.kafka
        letters = DeadLetters(Producer(producer_config(kafka, name="dead-letters")), kafka.topics.dead_letters)
        return Intake(
            consumer=Consumer(consumer_config(kafka)),
            topic=kafka.topics.status_changed,
            batches=BatchReader(EventReader(registry), DecisionTable.of(self._tenants.values())),
            inbox=PostgresInbox(engine),
            letters=letters,
            tenants=frozenset(self._tenants),
            owner=self._name,
            batch_size=kafka.batch_size,
            metrics=self._metrics,
            beat=partial(self._beat, "intake"),
            failpoints=self._failpoints,
        )

    def relay(self, engine: Engine, wakeups: Wakeups) -> Relay:
        kafka, outbound = self._settings.kafka, self._settings.outbound
        config = producer_config(kafka, name="relay") | {"transactional.id": outbound.transactional_id}
        topic = kafka.topics.relay_progress
        return Relay(
            name=outbound.transactional_id,
            outbox=PostgresOutbox(engine),
            producers=lambda: Producer(config),
            progress=TopicProgress(consumer_config(kafka), topic, outbound.transactional_id),
            progress_topic=topic,
            leadership=AdvisoryLeadership(
                self._settings.database.url, outbound.transactional_id, password=self.database_password()
            ),
            wait=wakeups.outcomes,
            batch_size=outbound.batch_size,
            sweep=self._settings.provisioning.sweep,
            metrics=self._metrics,
            beat=partial(self._beat, "outbound"),
            failpoints=self._failpoints,
        )

    def pool(self, work: PostgresWork, wakeups: Wakeups, worker: StudentWorker) -> Pool:
        timing = self._settings.provisioning
        return Pool(
            work=work,
            handle=worker.work,
            limits={tenant.id: tenant.concurrency for tenant in self._tenants.values()},
            concurrency=timing.concurrency,
            lease=timing.lease,
            sweep=timing.sweep,
            worker=self._name,
            wait=wakeups.work,
            beat=partial(self._beat, "provisioning"),
            metrics=self._metrics,
            failpoints=self._failpoints,
        )

    def worker(self, stack: AsyncExitStack, work: PostgresWork, writer: OutcomeWriter) -> StudentWorker:
        timing = self._settings.provisioning
        tools = Tools(
            work=work,
            vault=self._vault(),
            announce=partial(_publish, writer, self._metrics),
            password=lambda: generate(secrets.token_bytes),
            templates=Templates(self._settings.templates_dir),
            mail_hold_down=timing.mail_hold_down,
            credential_lifetime=timing.credential_lifetime,
            failpoints=self._failpoints,
        )
        return StudentWorker(
            tools=tools,
            institutions=self._institutions(stack),
            limits=Limits(call=timing.call_timeout, lease=timing.lease),
            pace=Pace(base=timing.retry_base, cap=timing.retry_cap, held=timing.held_retry),
            breakers=Breakers(),
            metrics=self._metrics,
            rng=random.Random(secrets.randbits(64)),  # noqa: S311  spreads retries, guards nothing
            stopping=self._stopping,
        )

    def _vault(self) -> Vault:
        try:
            keys = [
                (key.id, base64.b64decode(self._open_secret(key.key), validate=True)) for key in self._settings.vault
            ]
        except ValueError as error:
            raise Stop("A key under `vault` is not base64. `openssl rand -base64 32` makes one.") from error
        return Vault(keys)

    def _institutions(self, stack: AsyncExitStack) -> dict[str, Institution]:
        clients: dict[Path | None, HttpClient] = {}

        def http(ca_file: Path | None) -> HttpClient:
            if ca_file not in clients:
                clients[ca_file] = HttpClient(ca_file=ca_file, observe=self._observe)
                stack.push_async_callback(clients[ca_file].close)
            return clients[ca_file]

        return {
            tenant.id: Institution(
                tenant,
                open_directories(tenant, http=http, tokens=partial(open_tokens, open_secret=self._open_secret)),
                open_mailer(tenant.mailgun, http=http, open_secret=self._open_secret) if tenant.mailgun else None,
            )
            for tenant in self._tenants.values()
        }

    def _observe(self, service: str, operation: str, outcome: str, seconds: float) -> None:
        self._metrics.vendor_call_seconds.labels(service, operation, outcome).observe(seconds)


def _publish(writer: OutcomeWriter, metrics: Metrics, outcome: Outcome, *, traceparent: str | None) -> Publish:
    record = writer.write(outcome, traceparent=traceparent)
    reason = getattr(outcome, "reason", None) or ""
    metrics.outcomes.labels(outcome.tenant_id, outcome.provider, record.topic, reason).inc()
    return Publish(outcome.event_id, record.topic, record.key, record.value, record.headers)
