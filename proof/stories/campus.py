"""One installation for a story: some institutions, students one by one, and what was published, written to vendors, or waits."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from confluent_kafka import Producer

from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.events import AccountProvisioned, AccountProvisioningFailed, Outcome, WelcomeEmailStatus, student_key
from consumer.tenants import Tenant
from proof.collect.published import OutcomeReader
from proof.collect.raw import Raw
from proof.collect.topics import read_topics
from sandbox.simulators.audit import Entry
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.graph.directory import Directory
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import World
from testbed.installation import Service, until
from testbed.replica import Replica

SOON: Mapping[str, Mapping[str, object]] = {
    "provisioning": {
        "retry_base": 0.1,
        "retry_cap": 1,
        "sweep": 0.3,
        "lease": 8,
        "call_timeout": 3,
        "mail_hold_down": 1,
        "verify_after": 1,
        "held_retry": 2,
        "report_after": 1,
    }
}
"""Everything that the service waits for comes within seconds."""
_READY_WITHIN = 120.0
_NOT_PLAIN = re.compile("[^a-z0-9]+")

Key = tuple[str, str]
"""Tenant and student."""


def event(tenant: str, student: str, *, version: int = 1, status: str = "enrolled", **about: Any) -> dict[str, Any]:
    """A status event of this student; `about` are more fields of the person."""
    return {
        "event_id": f"{student}/{version}",
        "occurred_at": datetime(2026, 9, 1, tzinfo=UTC),
        "tenant_id": tenant,
        "version": version,
        "status": {"id": status, "name": status.capitalize(), "type": "Registered"},
        "student": {
            "student_id": student,
            "given_name": "Student",
            "family_name": f"Of{student}",
            "contact_email": f"{_NOT_PLAIN.sub('.', student.lower()).strip('.')}@home.example",
            **about,
        },
    }


@dataclass
class Campus:
    """Vendors, topics and tables for some institutions, and the replicas that were started for them."""

    service: Service
    world: World
    vendors: VendorServer
    kafka: str
    database: str
    replicas: list[Replica] = field(default_factory=list[Replica])

    def directory(self, tenant: Tenant) -> Directory:
        """The tenant's own at Microsoft."""
        assert tenant.microsoft
        return self.world.graph.directories[tenant.microsoft.tenant_id]

    async def start(self, name: str = "replica", *, module: str = "consumer.cli") -> Replica:
        """A replica that is kept running, once it is ready; by another module than the command's own where that is given."""
        replica = Replica(self.service, name)
        replica.module = module
        self.replicas.append(replica)
        await replica.up()
        await until(f"{name} is ready", replica.ready, seconds=_READY_WITHIN)
        return replica

    async def put(self, *events: Mapping[str, Any]) -> None:
        """Puts events onto the topic, by the schema of this checkout."""
        ident, _ = self.world.schemas.find(f"{self.service.topics.status_changed}-value", schema_text(STATUS_CHANGED))
        encoder = Encoder(schema(STATUS_CHANGED), ident)
        await self.put_raw(
            *((student_key(one["tenant_id"], one["student"]["student_id"]), encoder.encode(one)) for one in events)
        )

    async def put_raw(self, *records: tuple[bytes, bytes]) -> None:
        """Puts records, each a key and a value."""
        producer = Producer({"bootstrap.servers": self.kafka, "log_level": 0})
        for key, value in records:
            producer.produce(self.service.topics.status_changed, value, key)
        assert await asyncio.to_thread(producer.flush, 30) == 0

    async def published(self) -> Sequence[Outcome]:
        """Every outcome that a reader with `read_committed` sees."""
        topics = self.service.topics
        reader = OutcomeReader(topics)
        records = await read_topics(self.kafka, topics.outcomes)
        return [
            reader.read(Raw((r.topic, r.partition, r.offset), r.key, r.value, tuple(r.headers))).outcome
            for r in records
        ]

    async def rows(self, query: LiteralString) -> Sequence[tuple[Any, ...]]:
        """What the ledger answers."""
        async with await psycopg.AsyncConnection.connect(self.database) as connection:
            return await (await connection.execute(query)).fetchall()

    async def dispositions(self) -> Mapping[tuple[str, str], str]:
        """What became of each accepted event, by tenant and event id."""
        return {
            (tenant, ident): disposition
            for tenant, ident, disposition in await self.rows("SELECT tenant_id, event_id, disposition FROM inbox")
        }

    async def waits(self) -> Mapping[Key, str]:
        """The reason for which each student waits, as the ledger has it; of those who wait for several things, the last one's."""
        return {
            (tenant, student): reason
            for tenant, student, reason in await self.rows(
                "SELECT tenant_id, student_id, reason FROM student_wait ORDER BY since"
            )
        }

    async def applied(self, events: Sequence[Mapping[str, Any]]) -> bool:
        """Whether all of these have come to their end."""
        found = await self.dispositions()
        return all(found.get((one["tenant_id"], one["event_id"])) == "applied" for one in events)

    async def until_applied(self, events: Sequence[Mapping[str, Any]], *, seconds: float = 60) -> None:
        """Waits for it, and until all outcomes are on their topics."""
        await until("the events are applied", partial(self.applied, events), seconds=seconds)
        await self.until_published()

    async def until_published(self) -> None:
        """Waits until no outcome waits for the relay."""
        await until("all outcomes are published", self._published, seconds=30)

    async def _published(self) -> bool:
        ((waiting,),) = await self.rows(
            "SELECT count(*) FROM outbox WHERE batch IS NULL OR batch > coalesce((SELECT max(published) FROM relay), 0)"
        )
        return not waiting

    def writes(self, route: str = "") -> Sequence[Entry]:
        """Everything but reads that a vendor carried out, on routes that begin so."""
        return [
            entry
            for entry in self.vendors.audit.entries()
            if entry.method != "GET" and entry.executed and entry.status < 300 and entry.route.startswith(route)
        ]


def by_student(outcomes: Sequence[Outcome]) -> Mapping[Key, Sequence[Outcome]]:
    """What was published about each, in the order of the topics."""
    found: dict[Key, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault((outcome.tenant_id, outcome.student_id), []).append(outcome)
    return found


def accounts_of(outcomes: Sequence[Outcome]) -> Sequence[AccountProvisioned]:
    """Those that tell of an account."""
    return [outcome for outcome in outcomes if isinstance(outcome, AccountProvisioned)]


def failures_of(outcomes: Sequence[Outcome]) -> Sequence[AccountProvisioningFailed]:
    """Those that tell of a failure or a wait."""
    return [outcome for outcome in outcomes if isinstance(outcome, AccountProvisioningFailed)]


def mails_of(outcomes: Sequence[Outcome]) -> Sequence[WelcomeEmailStatus]:
    """Those that tell of a welcome mail."""
    return [outcome for outcome in outcomes if isinstance(outcome, WelcomeEmailStatus)]


@asynccontextmanager
async def campus(
    world: World,
    *,
    kafka: str,
    database: str,
    name: str,
    changes: Mapping[str, Mapping[str, object]] | None = None,
    configure: Callable[[Sequence[Tenant]], Sequence[Tenant]] = lambda tenants: tenants,
    pace: Mapping[str, Mapping[str, object]] = SOON,
) -> AsyncGenerator[Campus]:
    """Everything but a replica. `configure` changes the configuration that fits the world, before it is written; `pace` are
    settings that come before `changes`."""
    settings = {
        section: {**pace.get(section, {}), **(changes or {}).get(section, {})} for section in {*pace, *(changes or {})}
    }
    async with world.server() as vendors:
        service = Service.configured(
            world.directory,
            world=world,
            vendors=vendors,
            kafka=kafka,
            database=database,
            prefix=name,
            changes=settings,
            tenants=configure(world.tenants(vendors)),
        )
        await asyncio.to_thread(service.prepare_here, replication=1)
        opened = Campus(service, world, vendors, kafka, database)
        try:
            yield opened
        finally:
            await asyncio.gather(*(replica.down() for replica in opened.replicas))


def tenant_file(campus_: Campus, tenant: str) -> Path:
    """Where its configuration is."""
    return campus_.world.directory / "tenants" / f"{tenant}.yaml"
