"""The main job on real Kafka and PostgreSQL: two replicas, one killed halfway; each student has one account, one mail, one outcome."""

import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from consumer.events import Provider
from consumer.simulators.server import VendorServer
from consumer.simulators.temper import Latency, Rule
from consumer.simulators.vendors import Institution
from consumer.simulators.world import World
from tests.whole.evidence import accounts, dispositions, mails_that_open_an_account, read_committed
from tests.whole.service import Service, end, until

STUDENTS = 2_000
INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,), concurrency=64),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,), concurrency=64),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(INSTITUTIONS, tmp_path, clock=time.time, seed=1)


@pytest.fixture
async def vendors(world: World) -> AsyncIterator[VendorServer]:
    async with world.server() as server:
        server.tempers.set([Rule(route="*", temper=Latency(low=0.01, high=0.03))])
        yield server


@pytest.mark.long(seconds=50)
@pytest.mark.parts
async def test_every_student_has_one_account_one_mail_and_one_outcome_though_a_replica_is_killed(
    tmp_path: Path, world: World, vendors: VendorServer, kafka: str, database_url: str, unique_name: str
) -> None:
    service = Service.configured(
        tmp_path, world=world, vendors=vendors, kafka=kafka, database=database_url, prefix=unique_name
    )
    await service.prepare()
    await service.command("simulate", "events", "--students", str(STUDENTS), "--plain")
    replicas = [await service.run("one"), await service.run("two")]
    try:
        await until("half are settled", lambda: settled(database_url, STUDENTS // 2), seconds=120)
        await end(replicas[0], hard=True)
        await until("all are settled", lambda: settled(database_url, STUDENTS), seconds=180)
        outcomes = await read_committed(kafka, service.topics.account_provisioned, STUDENTS)
    finally:
        for replica in replicas:
            await end(replica)
    each_once = {1: STUDENTS}
    assert Counter(Counter(outcome.key for outcome in outcomes).values()) == each_once
    assert Counter(len(addresses) for addresses in accounts(world).values()) == each_once
    assert Counter(mails_that_open_an_account(world).values()) == each_once
    assert replicas[1].returncode == 0


async def settled(database_url: str, count: int) -> bool:
    """Whether so many events have come to their end, the welcome mail's fate included."""
    return (await dispositions(database_url)).get("applied", 0) >= count
