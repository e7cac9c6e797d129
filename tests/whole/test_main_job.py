"""The main job on real Kafka and PostgreSQL, halfway through which something dies: each student has one account, one mail, one outcome.

`STUDENTS` in the environment is how many there are in each of the tests; by default 2,000 on one server, and 300 elsewhere.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from consumer.events import Provider
from sandbox.simulators.faults import FaultRule, Latency
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import REGISTRY, Reachable, World
from testbed.installation import Service, end, until
from testbed.parts.pair import PostgresPair
from testbed.parts.pgbouncer import PgBouncer
from testbed.parts.proxy import ConnectProxy
from tests.whole.evidence import accounts, dispositions, mails_that_open_an_account, read_committed
from tests.whole.named import VENDORS, Named

INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,), concurrency=64),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,), concurrency=64),
)

SERVICE_LINKS = {
    f"{service}_{name}": value
    for service, port in (("PROVISIONER", 8080), ("PROVISIONER_KAFKA", 9092))
    for name, value in {
        "SERVICE_HOST": "10.96.0.7",
        "SERVICE_PORT": f"{port}",
        "PORT": f"tcp://10.96.0.7:{port}",
        f"PORT_{port}_TCP": f"tcp://10.96.0.7:{port}",
        f"PORT_{port}_TCP_PROTO": "tcp",
        f"PORT_{port}_TCP_PORT": f"{port}",
        f"PORT_{port}_TCP_ADDR": "10.96.0.7",
    }.items()
}


def students(usual: int) -> int:
    return int(os.environ.get("STUDENTS") or usual)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)


@pytest.fixture
async def vendors(world: World) -> AsyncIterator[VendorServer]:
    async with world.server(names=[VENDORS]) as server:
        server.faults.set([FaultRule(route="*", fault=Latency(low=0.01, high=0.03))])
        yield server


@pytest.fixture
def pair(folder_open_to_all: Path) -> Iterator[PostgresPair]:
    with PostgresPair(folder_open_to_all / "pair") as pair:
        yield pair


@dataclass(frozen=True, slots=True)
class Pod:
    """How the service is started: with more in its environment, replicas by another module."""

    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    module: str = "consumer.cli"


class Job:
    """All students enrolled, and two replicas that work on it. `straight` is the database for those who look on."""

    def __init__(
        self, service: Service, world: World, *, students: int, straight: str, kafka: str, registry_url: str, pod: Pod
    ) -> None:
        self.students = students
        self.replicas: list[asyncio.subprocess.Process] = []
        self._patience = 120 + students / 10
        self._service = service
        self._world = world
        self._straight = straight
        self._kafka = kafka
        self._registry_url = registry_url
        self._pod = pod

    async def until_half_is_done(self, *, by_commands: bool = False) -> None:
        """Lays everything out, by the commands that are printed for it or in this process, and begins."""
        if by_commands:
            await self._service.prepare()
        else:
            await asyncio.to_thread(self._service.prepare_here, replication=1, registry_url=self._registry_url)
        enrolled = ("simulate", "events", "--students", str(self.students), "--plain")
        await self._service.command(*enrolled, environ=self._pod.environ)
        for name in ("one", "two"):
            self.replicas.append(await self._service.run(name, environ=self._pod.environ, module=self._pod.module))
        await until("half are settled", lambda: self._settled(self.students // 2), seconds=self._patience)

    async def until_done(self) -> None:
        """Every student has one account, one mail and one outcome, and what still ran had no need to end."""
        await until("all are settled", lambda: self._settled(self.students), seconds=self._patience)
        outcomes = await read_committed(self._kafka, self._service.topics.account_provisioned, self.students)
        await self.end()
        each_once = {1: self.students}
        assert Counter(Counter(outcome.key for outcome in outcomes).values()) == each_once
        assert Counter(len(addresses) for addresses in accounts(self._world).values()) == each_once
        assert Counter(mails_that_open_an_account(self._world).values()) == each_once
        assert self.replicas[-1].returncode == 0

    async def end(self) -> None:
        for replica in self.replicas:
            await end(replica)

    async def _settled(self, count: int) -> bool:
        """Whether so many events have come to their end, the welcome mail's fate included."""
        return (await dispositions(self._straight)).get("applied", 0) >= count


class Jobs:
    """Begins jobs on one world, and ends their replicas."""

    def __init__(self, folder: Path, world: World, vendors: VendorServer, kafka: str, prefix: str) -> None:
        self._folder = folder
        self._world = world
        self._vendors = vendors
        self._kafka = kafka
        self._prefix = prefix
        self.begun: list[Job] = []

    def begin(
        self,
        *,
        database: str,
        students: int,
        straight: str | None = None,
        vendors: Reachable | None = None,
        pod: Pod | None = None,
    ) -> Job:
        """`vendors` says how the service reaches them, where that is not directly."""
        service = Service.configured(
            self._folder,
            world=self._world,
            vendors=vendors or self._vendors,
            kafka=self._kafka,
            database=database,
            prefix=self._prefix,
        )
        self.begun.append(
            Job(
                service,
                self._world,
                students=students,
                straight=straight or database,
                kafka=self._kafka,
                registry_url=self._vendors.url(REGISTRY),
                pod=pod or Pod(),
            )
        )
        return self.begun[-1]


@pytest.fixture
async def jobs(
    tmp_path: Path, world: World, vendors: VendorServer, kafka: str, unique_name: str
) -> AsyncIterator[Jobs]:
    jobs = Jobs(tmp_path, world, vendors, kafka, unique_name)
    yield jobs
    for job in jobs.begun:
        await job.end()


@pytest.mark.long(seconds=50)
@pytest.mark.parts
async def test_every_student_has_one_account_one_mail_and_one_outcome_though_a_replica_is_killed(
    database_url: str, jobs: Jobs
) -> None:
    job = jobs.begin(database=database_url, students=students(2_000))
    await job.until_half_is_done(by_commands=True)
    await end(job.replicas[0], hard=True)
    await job.until_done()


@pytest.mark.long(seconds=25)
@pytest.mark.parts
async def test_the_same_holds_behind_a_pooler_though_it_is_killed(
    pooler: PgBouncer, database_url: str, jobs: Jobs
) -> None:
    """In either mode: the service has no setting for the pooler, and takes it for one that gives out connections by transaction."""
    job = jobs.begin(database=pooler.url(), students=students(300), straight=database_url)
    await job.until_half_is_done()
    pooler.kill()
    await end(job.replicas[0], hard=True)
    pooler.start()
    await job.until_done()


@pytest.mark.long(seconds=25)
@pytest.mark.parts
async def test_the_same_holds_across_a_failover(pair: PostgresPair, jobs: Jobs) -> None:
    """Of two servers in one URL, in SQLAlchemy's form. Each commit waits for both, so that the standby has all that was answered."""
    with psycopg.connect(pair.primary.url, autocommit=True) as session:
        session.execute("CREATE DATABASE provisioner")
    straight = pair.url("provisioner")
    hosts = straight.partition("@")[2].partition("/")[0].split(",")
    both = "&".join(f"host={host}" for host in hosts)
    url = f"postgresql://postgres@/provisioner?{both}&target_session_attrs=read-write"
    job = jobs.begin(database=url, students=students(300), straight=straight)
    await job.until_half_is_done()
    await asyncio.to_thread(pair.fail_over)
    await job.until_done()
    assert all(replica.returncode == 0 for replica in job.replicas)


@pytest.mark.long(seconds=25)
@pytest.mark.parts
async def test_the_same_holds_in_a_pod_that_cannot_write_and_has_only_a_proxy_to_go_out(
    database_url: str, jobs: Jobs, vendors: VendorServer
) -> None:
    """And with the variables that Kubernetes sets in every pod for a service by the name of ours, and for its Kafka."""
    async with ConnectProxy(credentials="provisioner:hunter2", leads=lambda _, port: ("127.0.0.1", port)) as proxy:
        environ = {"HTTPS_PROXY": proxy.url, **SERVICE_LINKS}
        pod = Pod(environ, module="tests.whole.read_only")
        job = jobs.begin(database=database_url, students=students(300), vendors=Named(vendors), pod=pod)
        await job.until_half_is_done()
        await end(job.replicas[0], hard=True)
        await job.until_done()
    assert {target.rpartition(":")[0] for target in proxy.targets} == {VENDORS}
