"""The main job on real Kafka and PostgreSQL: two replicas, one killed halfway; each student has one account, one mail, one outcome."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer  # pyright: ignore[reportMissingTypeStubs]  it has none

from consumer.events import Provider
from consumer.simulators.letterbox import initial_password, sign_in_name
from consumer.simulators.server import VendorServer
from consumer.simulators.temper import Latency, Rule
from consumer.simulators.vendors import Institution
from consumer.simulators.world import World
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
    assert Counter(outcomes.values()) == {1: STUDENTS}
    assert len(outcomes) == STUDENTS
    assert accounts(world) == {1: STUDENTS}
    assert mails_that_open_an_account(world) == {1: STUDENTS}
    assert replicas[1].returncode == 0


async def settled(database_url: str, count: int) -> bool:
    """Whether so many events have come to their end, the welcome mail's fate included."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        found = await connection.execute("SELECT count(*) FROM inbox WHERE disposition = 'applied'")
        row = await found.fetchone()
    return row is not None and row[0] >= count


async def read_committed(kafka: str, topic: str, count: int) -> Counter[bytes]:
    """How often each student's outcome is there, to a client that is not librdkafka: until it has seen so many, and a bit longer."""
    consumer: Any = AIOKafkaConsumer(  # its types leave keys and values open
        topic, bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    seen: Counter[bytes] = Counter()
    deadline = asyncio.get_running_loop().time() + 60
    try:
        while asyncio.get_running_loop().time() < deadline:
            batches = await consumer.getmany(timeout_ms=1_000)
            if not batches and seen.total() >= count:
                return seen
            for records in batches.values():
                seen.update(record.key for record in records)
    finally:
        await consumer.stop()
    return seen


def accounts(world: World) -> dict[int, int]:
    """How many students have how many accounts with their marker."""
    markers: Counter[tuple[str, str]] = Counter()
    for tenant_id, directory in world.graph.directories.items():
        markers.update((tenant_id, str(user.properties.get("employeeId"))) for user in directory.users.values())
    for customer in world.google.customers:
        markers.update(("google", marker) for user in customer.users for marker in user.external_ids)
    return dict(Counter(markers.values()))


def mails_that_open_an_account(world: World) -> dict[int, int]:
    """How many accounts have how many mails with a password that opens them."""
    opened: Counter[str] = Counter()
    for mail in world.mail.mailbox.mails:
        address, password = sign_in_name(mail), initial_password(mail)
        directories = world.graph.directories.values()
        by_microsoft = any(directory.sign_in(address, password) for directory in directories)
        customer = world.google.customer_of(address)
        if by_microsoft or (customer is not None and customer.sign_in(address, password)):
            opened[address] += 1
    return dict(Counter(opened.values()))
