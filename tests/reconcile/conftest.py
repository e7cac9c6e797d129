"""Schools whose students all have their accounts, on PostgreSQL and at the simulated vendors."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from consumer.events import Provider
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.ledger.port.work import Room, Work
from consumer.ledger.privileges import grant
from consumer.ledger.vault import Vault
from consumer.ledger.work import PostgresWork
from consumer.mail.rendering import Templates
from consumer.observe.metrics import Metrics
from consumer.provisioning.breaker import Breakers
from consumer.provisioning.containment import Experience, Limits
from consumer.provisioning.ending import Pace
from consumer.provisioning.institution import Institution
from consumer.provisioning.student import StudentWorker
from consumer.provisioning.tools import Tools
from consumer.reconcile.connections import Connections
from consumer.reconcile.finding import Finding
from consumer.reconcile.run import Reconciler, Summary, Task
from consumer.secrets import opener
from consumer.settings import Settings
from consumer.tenants import Tenant
from sandbox.simulators import vendors as simulated
from sandbox.simulators.server import VendorServer
from sandbox.simulators.world import World
from testbed.settled import SettledSchool
from tests.provisioning.conftest import ROOT, publish


@dataclass
class Installation:
    """What a reconciliation of the one tenant needs, and short words for what tests do with it.

    `engine` connects as the service's role, `owner` as that of the tables.
    """

    world: World
    vendors: VendorServer
    engine: Engine
    owner: Engine
    tenant: Tenant
    settings: Settings
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    def school(self, provider: Provider, count: int) -> SettledSchool:
        return SettledSchool(self.world, self.owner, self.tenant, provider, count)

    def connections(self) -> Connections:
        return Connections(self.settings, self.engine, opener({}), self.metrics)

    async def reconcile(self, *, repair: bool = False, holder: str = "test") -> tuple[Summary, list[Finding]]:
        found: list[Finding] = []
        reconciler = Reconciler(self.connections(), holder=holder)
        return await reconciler.reconcile(Task(self.tenant, repair, found.append)), found

    def writes(self) -> list[str]:
        """The routes of all calls that change something at a vendor."""
        calls = self.vendors.audit.entries()
        return [one.route for one in calls if one.method != "GET" and "token" not in one.route]

    async def provision(self) -> None:
        """What replicas do: works the students who are due, until none is."""
        work = PostgresWork(self.engine)
        async with self.connections().to(self.tenant) as opened:
            directories = {provider: one.directory for provider, one in opened.items()}
            worker = _worker(work, Institution(self.tenant, directories, None), self.metrics)
            while jobs := await work.claim({self.tenant.id: Room(16)}, lease=60, worker="w"):
                await asyncio.gather(*(worker.work(job) for job in jobs))
        work.close()

    def due(self) -> set[str]:
        """The students for whom work is planned."""
        with self.engine.begin() as connection:
            return set(connection.execute(text("SELECT student_id FROM student WHERE due_at IS NOT NULL")).scalars())


def _worker(work: Work, institution: Institution, metrics: Metrics) -> StudentWorker:
    tools = Tools(
        work=work,
        vault=Vault([("k", bytes(32))]),
        announce=publish,
        password=lambda: "Pass-word-0001-Aa1",
        templates=Templates(ROOT / "templates"),
        mail_hold_down=60,
        credential_lifetime=3_600,
        verify_after=900,
    )
    return StudentWorker(
        tools=tools,
        institutions={institution.tenant.id: institution},
        limits=Limits(call=30, lease=60, tenant_held=300, throttled=30),
        pace=Pace(base=2, cap=600, held_first=300, held=3_600, verify=900, report_after=900, report_attempts=10),
        experience=Experience(Breakers(wait=30)),
        metrics=metrics,
        rng=random.Random(1),  # noqa: S311  repeatable
    )


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    owner = open_engine(database_url)
    upgrade(owner)
    yield owner
    owner.dispose()


@pytest.fixture
def engine(database_url: str, owner: Engine, service_role: str) -> Iterator[Engine]:
    grant(owner, service_role)
    engine = open_engine(make_url(database_url).set(username=service_role).render_as_string(hide_password=False))
    yield engine
    engine.dispose()


@pytest.fixture(params=[Provider.MICROSOFT, Provider.GOOGLE])
def provider(request: pytest.FixtureRequest) -> Provider:
    return request.param


@pytest.fixture
def world(tmp_path: Path, provider: Provider) -> World:
    return World([simulated.Institution("north", "North", (provider,))], tmp_path, clock=time.time, seed=1)


@pytest.fixture
async def installation(world: World, engine: Engine, owner: Engine, database_url: str) -> AsyncIterator[Installation]:
    settings = Settings.model_validate(
        {
            "kafka": {"bootstrap_servers": "127.0.0.1:1"},
            "registry": {"url": "http://127.0.0.1:1"},
            "database": {"url": database_url},
            "vault": [{"id": "k", "key": "env:KEY"}],
        }
    )
    async with world.server() as vendors:
        yield Installation(world, vendors, engine, owner, world.tenants(vendors)[0], settings)
