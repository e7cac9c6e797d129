"""One installation under trial: simulated vendors, and replicas of the service that reach everything through proxies."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, cast

import psycopg
import yaml

from consumer.events import Provider
from consumer.tenants import Deletion, Tenant
from proof.chaos.disk import CannotBeRun
from proof.chaos.parts import Brokers, Database
from proof.chaos.proxy import Proxy
from proof.chaos.sis import Sis
from proof.chaos.watch import Watch
from sandbox.embedded.ports import HOST
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GOOGLE, GRAPH, MAILGUN, Institution, Quirks
from sandbox.simulators.world import REGISTRY, World
from testbed.installation import Service, until
from testbed.parts.collector import Collector
from testbed.release import NotInHistoryError, unpack
from testbed.replica import Replica

Changes = Mapping[str, Mapping[str, object]]
"""Settings by section and key."""

Arrange = Callable[[World, Sequence[Tenant]], Sequence[Tenant]]
"""Lays out the vendors, the secrets and the tenants' configuration in another way, before anything runs; returns the tenants."""

_SOON = Deletion(grace=3.0 / 86_400)
"""Three seconds after a departure."""
INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,), concurrency=32, deletion=_SOON),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,), concurrency=32, deletion=_SOON),
    Institution(
        "south-academy",
        "South Academy",
        (Provider.MICROSOFT, Provider.GOOGLE),
        ("el", "en"),
        concurrency=32,
        deletion=_SOON,
    ),
)

HEALTHY = (FaultRule(route="*", fault=Latency(low=0.02, high=0.08)),)
"""The vendors on a good day."""

_SETTINGS: Changes = {
    # Everything that the service waits for comes sooner than in production, so that faults of seconds show what hours would. A broker
    # takes a silent member's partitions after six seconds, the least that it allows.
    "kafka": {
        "librdkafka": {
            "session.timeout.ms": "6000",
            "heartbeat.interval.ms": "1500",
            "topic.metadata.refresh.interval.ms": "2000",
            "reconnect.backoff.max.ms": "1000",
        }
    },
    "provisioning": {
        "retry_base": 0.2,
        "retry_cap": 5,
        "sweep": 0.5,
        "lease": 8,
        "call_timeout": 3,
        "mail_hold_down": 3,
        "held_retry": 5,
    },
}
_SINCE_THEN: Changes = {"kafka": {"park_unknown": 3}, "provisioning": {"breaker_wait": 5, "throttle_wait": 5}}
"""The same, of settings that the release before this one does not know."""
_NEW_TOPICS = ("account_changed", "account_planned")
"""The release before this one does not know them."""
_READY_WITHIN = 120.0
_RELEASE = "testbed.release"
_PARTITIONS = 6

_RECORD_CHANGES = """
    CREATE TABLE proof_change (
      number bigserial PRIMARY KEY, at double precision NOT NULL, name text NOT NULL, gone boolean NOT NULL, line jsonb NOT NULL
    );
    CREATE FUNCTION proof_record() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO proof_change (at, name, gone, line)
      VALUES (extract(epoch FROM clock_timestamp()), TG_TABLE_NAME, TG_OP = 'DELETE', to_jsonb(coalesce(NEW, OLD)));
      RETURN NULL;
    END $$;
"""
_RECORDED = ("student", "student_wait", "step", "account", "credential", "tenant_wait", "partition_epoch")


@dataclass(frozen=True, slots=True)
class Through:
    """The vendors, by way of their proxies."""

    proxies: Mapping[str, Proxy]

    def url(self, vendor: str, *, host: str | None = None) -> str:
        return f"https://{host or HOST}:{self.proxies[vendor].port}"


class Installation:
    """Everything up and ready from `async with` to its end. `changes` are settings of the row's own.

    `upgraded`: it begins with the release before this one, its tables and its replicas; raises `CannotBeRun` where that is not at hand.
    `ordinary` are the tenants as they are laid out, `tenants` as they are configured now.
    """

    def __init__(
        self,
        folder: Path,
        *,
        brokers: Brokers,
        database: Database,
        prefix: str,
        seed: int,
        replicas: int = 3,
        changes: Changes | None = None,
        quirks: Quirks | None = None,
        arrange: Arrange | None = None,
        upgraded: bool = False,
    ) -> None:
        self.brokers = brokers
        self.database = database
        self.seed = seed
        self.vendors: Mapping[str, Proxy] = {}
        self.replicas: Sequence[Replica] = ()
        self._folder = folder
        self._prefix = prefix
        self._count = replicas
        self._changes = changes or {}
        self._arrange = arrange
        self._upgraded = upgraded
        self._stack = AsyncExitStack()
        self.world = World(INSTITUTIONS, folder, clock=time.time, seed=seed, quirks=quirks)

    async def __aenter__(self) -> Self:
        self.simulators: VendorServer = await self._stack.enter_async_context(self.world.server())
        self.simulators.faults.set(HEALTHY)
        self.vendors = {name: await self._proxied(name) for name in (GRAPH, GOOGLE, MAILGUN, REGISTRY)}
        self.collector = self._stack.enter_context(Collector())
        through = Through(self.vendors)
        self.ordinary = self.world.tenants(through)
        self.tenants = self._arrange(self.world, self.ordinary) if self._arrange else self.ordinary
        self.service = Service.configured(
            self._folder,
            world=self.world,
            vendors=through,
            kafka=self.brokers.through,
            database=self.database.through,
            prefix=self._prefix,
            changes=merged(_SETTINGS if self._upgraded else self._newest(), self._changes),
        )
        self.world.write_tenants(self.tenants)
        await self._prepare()
        self.sis = Sis(self.brokers.straight, self.service.topics.status_changed)
        self.watch = self._stack.enter_context(
            Watch(self.database.straight, self.brokers.straight, group=self._prefix, topics=self.service.topics)
        )
        self._stack.push_async_callback(self.end)
        self.replicas = [Replica(self.service, f"replica-{number}") for number in range(1, self._count + 1)]
        for replica in self.replicas if self._upgraded else ():
            self.run_before(replica)
        await asyncio.gather(*(replica.up() for replica in self.replicas))
        await self.all_ready()
        return self

    async def __aexit__(self, *exit_: object) -> None:
        await self._stack.aclose()

    async def all_ready(self) -> None:
        """Waits until every replica says that it is."""

        async def ready() -> bool:
            return all(await asyncio.gather(*(replica.ready() for replica in self.replicas)))

        await until("all replicas are ready", ready, seconds=_READY_WITHIN)

    @property
    def populated(self) -> Sequence[Tenant]:
        """The tenants that the load is about: those of the world's institutions, as they are configured now."""
        institutions = {institution.id for institution in self.world.institutions}
        return [tenant for tenant in self.tenants if tenant.id in institutions]

    async def configure(self, tenants: Sequence[Tenant]) -> None:
        """Writes these tenants' files in place of those that are there, and restarts all replicas: whatever they count by is then new."""
        self.tenants = tenants
        self.world.write_tenants(tenants)
        await asyncio.gather(*(replica.restart() for replica in self.replicas))

    async def heal(self) -> None:
        """Nothing misbehaves any more, and every replica runs."""
        self.simulators.faults.set(HEALTHY)
        await self.database.heal()
        await self.brokers.heal()
        for proxy in self.vendors.values():
            await proxy.heal()
        for replica in self.replicas:
            replica.resume()
            await replica.up()

    async def end(self) -> None:
        """Ends the replicas, in the orderly way."""
        await asyncio.gather(*(replica.down() for replica in self.replicas))

    def _newest(self) -> Changes:
        return merged(merged(_SETTINGS, _SINCE_THEN), {"tracing": {"endpoint": self.collector.url}})

    async def _proxied(self, vendor: str) -> Proxy:
        port = int(self.simulators.url(vendor).rpartition(":")[2])
        return await self._stack.enter_async_context(Proxy(port))

    def run_before(self, replica: Replica) -> None:
        """From its next start the replica is of the release before this one."""
        replica.module = _RELEASE
        replica.environ |= self._release
        for variable in self._later:
            replica.environ.pop(variable, None)

    def run_this(self, replica: Replica) -> None:
        """From its next start the replica is of this release."""
        replica.module = "consumer.cli"
        replica.environ |= self._later

    @property
    def _later(self) -> Mapping[str, str]:
        """What a replica that was upgraded is given besides its file, which is the older release's too."""
        return {
            "PROVISIONER_KAFKA__PARK_UNKNOWN": "3",
            **{
                f"PROVISIONER_KAFKA__TOPICS__{name.upper()}": getattr(self.service.topics, name) for name in _NEW_TOPICS
            },
        }

    async def _prepare(self) -> None:
        try:
            self._release = await asyncio.to_thread(unpack, self._folder) if self._upgraded else {}
        except NotInHistoryError as missing:
            raise CannotBeRun(str(missing)) from missing
        tables = not self._upgraded
        prepare = partial(
            self.service.prepare_here, partitions=_PARTITIONS, replication=self.brokers.size, tables=tables
        )
        await asyncio.to_thread(prepare)
        if self._upgraded:
            self._leave_out_what_is_new()
            for words in (("schemas", "register"), ("db", "upgrade")):
                await self.service.command(*words, environ=self._release, module=_RELEASE)
        await asyncio.to_thread(self._record_changes)

    def put_in_what_is_new(self) -> None:
        """The file of the service is this release's: no replica of the older one reads it any more."""
        self._with_topics({name: getattr(self.service.topics, name) for name in _NEW_TOPICS})

    def _leave_out_what_is_new(self) -> None:
        self._with_topics({})

    def _with_topics(self, new: Mapping[str, str]) -> None:
        settings = yaml.safe_load(self.service.config.read_text())
        topics = settings["kafka"]["topics"]
        known = {name: topic for name, topic in topics.items() if name not in _NEW_TOPICS}
        settings["kafka"]["topics"] = {**known, **new}
        self.service.config.write_text(yaml.safe_dump(settings))

    def _record_changes(self) -> None:
        """Lets the database itself write down every change: what a process did and then forgot is still seen.

        It does so at the commit, so that the changes stand in the order in which others could see them.
        """
        with psycopg.connect(self.database.straight, autocommit=True) as connection:
            connection.execute(_RECORD_CHANGES)
            for table in _RECORDED:
                connection.execute(
                    f"CREATE CONSTRAINT TRIGGER proof_record AFTER INSERT OR UPDATE OR DELETE ON {table} "  # pyright: ignore[reportArgumentType]  our own names
                    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION proof_record()"
                )


def merged(one: Changes, other: Changes) -> Changes:
    """Both, the other before the one; librdkafka's settings key by key."""
    both = {section: dict(values) for section, values in one.items()}
    for section, values in other.items():
        for key, value in values.items():
            known = both.setdefault(section, {}).get(key)
            if isinstance(known, Mapping) and isinstance(value, Mapping):
                both[section][key] = {**cast("Mapping[str, object]", known), **cast("Mapping[str, object]", value)}
            else:
                both[section][key] = value
    return both
