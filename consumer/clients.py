"""What a process talks to the world with. `assembly` builds the loops over it; a simulation gives them a world of its own."""

import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self, cast

from confluent_kafka import Consumer, Producer
from sqlalchemy import Engine

from consumer.codec.registry import Registry, open_registry
from consumer.http.client import Http, HttpClient, Observer
from consumer.http.proxy import DIRECT, Proxies
from consumer.intake import port as intake
from consumer.intake.beside import Beside, OwnThread
from consumer.kafka import consumer_config, intake_config, opened, producer_config, relay_config
from consumer.ledger.dsn import Dsn
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.leadership import Election, LeasedLeadership
from consumer.ledger.outbox import PostgresOutbox
from consumer.ledger.overview import PostgresOverviews
from consumer.ledger.port.inbox import Inbox
from consumer.ledger.port.leadership import Leadership
from consumer.ledger.port.outbox import Outbox
from consumer.ledger.port.overview import Overviews
from consumer.ledger.port.retention import Retention
from consumer.ledger.port.work import Work
from consumer.ledger.quotas import PostgresQuotas
from consumer.ledger.retention import PostgresRetention
from consumer.ledger.wakeups import Wakeups
from consumer.ledger.work import PostgresWork
from consumer.maintenance.reconciliation import Reconciliations
from consumer.observe.metrics import Metrics
from consumer.outbound.port import Progress, Published, TransactionalProducer
from consumer.outbound.progress import TopicProgress
from consumer.outbound.published import TopicsPublished
from consumer.pacing.port import Quotas
from consumer.providers.factory import open_tokens
from consumer.providers.tokens import TokenSource
from consumer.provisioning.slots import SLOW_SHARE
from consumer.reconcile.connections import Connections
from consumer.reconcile.nightly import BackgroundReconciler
from consumer.reconcile.run import Reconciler
from consumer.secrets import SecretOpener
from consumer.settings import Settings
from consumer.stamp import Stamp, stamp
from consumer.tenants import GoogleSection, MicrosoftSection

_LEAST_LEASE, _BACKGROUND_LEASE = 15.0, 60.0
"""Seconds after which a dead leader is replaced, where no session ends with it: the relay's, which renews at each sweep, and others'."""


class Clients(Protocol):
    """Of Kafka, the ledger and the vendors; also where time and chance come from. None connects before it is used."""

    def consumer(self, answered: intake.Answered) -> intake.Consumer:
        """Reads the input topic, as a member of the group; `answered` receives the results of asynchronous commits."""
        ...

    def dead_letter_producer(self) -> intake.Producer:
        """For the dead letters."""
        ...

    def relay_producer(self) -> TransactionalProducer:
        """A new one, which fences the last as soon as it is initialised."""
        ...

    def progress(self) -> Progress:
        """Of the relay."""
        ...

    def published(self) -> Published:
        """The outcomes on their topics."""
        ...

    def beside(self) -> Beside:
        """How the intake decodes the next batch while the ledger accepts one."""
        ...

    def inbox(self) -> Inbox: ...
    def work(self) -> Work: ...
    def quotas(self) -> Quotas: ...
    def outbox(self) -> Outbox: ...

    def retention(self) -> Retention: ...

    def overviews(self) -> Overviews | None:
        """Of what waits; None where it is not measured."""
        ...

    def reconciliations(self, metrics: Metrics) -> Reconciliations | None:
        """What compares directories with the ledger in the background; None where nothing does."""
        ...

    def leadership(self) -> Leadership:
        """Of the relay."""
        ...

    def lease_of(self, loop: str) -> Leadership:
        """Of a loop that may pause for a minute while its leader is replaced."""
        ...

    async def work_announced(self, seconds: float) -> None:
        """Returns when there may be new work, at the latest after `seconds`."""
        ...

    def outcomes_announced(self, seconds: float) -> None:
        """The same for outcomes; blocks."""
        ...

    def wake(self) -> None:
        """Ends the waits for both, from any thread."""
        ...

    def http(self, ca_file: Path | None) -> Http:
        """Trusts these certificates instead of the system's."""
        ...

    def tokens(self, section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None) -> TokenSource:
        """For one institution's access to one vendor. Raises `Stop` where its secret can't be opened, or is of the wrong form."""
        ...

    def random_bytes(self, count: int) -> bytes:
        """From a cryptographic source."""
        ...

    def monotonic(self) -> float:
        """Seconds, for the loops that have threads of their own."""
        ...

    def unix(self) -> float:
        """Seconds, by the clock that Kafka's records are stamped with."""
        ...

    @property
    def back_off(self) -> Callable[[float], object] | None:
        """How a loop with a thread of its own waits for some seconds; None: so that its end is not kept waiting."""
        ...


class LiveClients:
    """The real ones, for one event loop. `name` names the process to PostgreSQL; `proxies` are for outgoing HTTP. `async with` closes all.

    `unreadable` receives the table and column of each ledger record that this version cannot read, from any thread.

    Work and outcomes are heard of while `wakeups` listens. Raises `Stop` where a secret or a CA file can't be opened.
    """

    back_off = None

    def __init__(
        self,
        settings: Settings,
        open_secret: SecretOpener,
        *,
        name: str,
        observe: Observer,
        unreadable: Callable[[str], None] = lambda _: None,
        proxies: Proxies = DIRECT,
    ) -> None:
        self._settings = settings
        self._kafka = opened(settings.kafka, open_secret)
        self._open_secret = open_secret
        self._observe = observe
        self._unreadable = unreadable
        self._dsn = Dsn.of(settings.database, open_secret)
        self._name = name
        self._holder = f"{name}/{secrets.token_hex(8)}"
        self._proxies = proxies
        self.engine: Engine = open_engine(self._dsn, pool_size=settings.database.pool_size, name=name)
        self.registry: Registry = open_registry(settings.registry, open_secret, proxies=proxies)
        self.wakeups = Wakeups(self._dsn, name=name)
        # One for each student in work; slow ones must not keep others from calling.
        self._connections = (1 + SLOW_SHARE) * settings.provisioning.concurrency
        self._http: dict[tuple[Path | None, Stamp], HttpClient] = {}
        self._work: PostgresWork | None = None
        self._quotas: PostgresQuotas | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._http.values():
            await client.close()
        if self._work is not None:
            self._work.close()
        if self._quotas is not None:
            self._quotas.close()
        self.registry.close()
        self.engine.dispose()

    def consumer(self, answered: intake.Answered) -> intake.Consumer:
        # Its stub has an overload for each value of `asynchronous`, but none for either.
        return cast("intake.Consumer", Consumer({**intake_config(self._kafka), "on_commit": answered}))

    def dead_letter_producer(self) -> intake.Producer:
        return Producer(producer_config(self._kafka, name="dead-letters"))

    def relay_producer(self) -> TransactionalProducer:
        transactional_id = self._settings.outbound.transactional_id
        return Producer(relay_config(self._kafka, transactional_id=transactional_id))

    def progress(self) -> Progress:
        kafka = self._kafka
        return TopicProgress(
            consumer_config(kafka), kafka.topics.relay_progress, self._settings.outbound.transactional_id
        )

    def published(self) -> Published:
        kafka = self._kafka
        return TopicsPublished(consumer_config(kafka), kafka.topics.outcomes, self._settings.outbound.transactional_id)

    def beside(self) -> Beside:
        return OwnThread()

    def inbox(self) -> Inbox:
        return PostgresInbox(self.engine)

    def work(self) -> Work:
        """Always the same one."""
        if self._work is None:
            self._work = PostgresWork(self.engine, unreadable=self._unreadable)
        return self._work

    def quotas(self) -> Quotas:
        """Always the same ones."""
        if self._quotas is None:
            self._quotas = PostgresQuotas(self.engine)
        return self._quotas

    def outbox(self) -> Outbox:
        return PostgresOutbox(self.engine, unreadable=self._unreadable)

    def retention(self) -> Retention:
        return PostgresRetention(self.engine)

    def overviews(self) -> Overviews:
        return PostgresOverviews(self.engine)

    def reconciliations(self, metrics: Metrics) -> Reconciliations:
        connections = Connections(self._settings, self.engine, self._open_secret, metrics, self._proxies)
        return BackgroundReconciler(Reconciler(connections, holder=self._holder), self.engine)

    def leadership(self) -> Leadership:
        return Election(
            self._dsn,
            self._settings.outbound.transactional_id,
            engine=self.engine,
            holder=self._holder,
            lease=max(_LEAST_LEASE, 3 * self._settings.provisioning.sweep),
        )

    def lease_of(self, loop: str) -> Leadership:
        return LeasedLeadership(self.engine, loop, holder=self._holder, lease=_BACKGROUND_LEASE)

    async def work_announced(self, seconds: float) -> None:
        await self.wakeups.work(seconds)

    def outcomes_announced(self, seconds: float) -> None:
        self.wakeups.outcomes(seconds)

    def wake(self) -> None:
        self.wakeups.wake()

    def http(self, ca_file: Path | None) -> Http:
        """One for each file, and another once the file has changed; calls that are under way keep the one before."""
        key = ca_file, stamp(ca_file) if ca_file else None
        if key not in self._http:
            self._http[key] = HttpClient(
                ca_file=ca_file, connections=self._connections, observe=self._observe, proxies=self._proxies
            )
        return self._http[key]

    def tokens(self, section: MicrosoftSection | GoogleSection, *, scopes: Sequence[str] | None = None) -> TokenSource:
        return open_tokens(section, open_secret=self._open_secret, proxies=self._proxies, scopes=scopes)

    def random_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)

    def unix(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
