"""A row that another program has locked, on PostgreSQL: its student waits, no one else does."""

import asyncio
import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import psycopg
import pytest

from consumer.errors import Fenced, Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, Job
from consumer.ledger.port.writes import BeginStep, Defer, Publish, SaveAccount, Settle, TenantWaits, Write
from tests.ledger.conftest import Given, OnPostgres, event

pytestmark = pytest.mark.parts

MS = Provider.MICROSOFT
BEGIN = BeginStep(MS, StepName.CREATE, version=1, request_hash=b"hash", timeout=10)
SETTLE = Settle(1, Disposition.APPLIED, verify_in=900)
OTHERS = 50
ENOUGH = 60.0
"""Seconds that a test waits for what should be there in a moment."""


@pytest.fixture
def given(on_postgres: OnPostgres) -> Given:
    return Given(on_postgres)


@contextmanager
def transaction(url: str, statement: str) -> Generator[psycopg.Connection]:
    """Another program's, which has done this and is still open; rolled back at the end."""
    with psycopg.connect(url) as session:
        session.execute(statement.encode())
        yield session
        session.rollback()


def account(job: Job) -> Account:
    return Account(MS, f"{job.lease.student_id}@x", "marker", {}, generation=0)


def outcome(job: Job) -> Publish:
    event_id = UUID(bytes=hashlib.md5(job.lease.student_id.encode(), usedforsecurity=False).digest())
    return Publish(event_id, "t", job.lease.student_id.encode(), b"value", ())


def waits(service: str, seconds: float) -> TenantWaits:
    return TenantWaits(service, seconds, Reason.THROTTLED, StepName.WELCOME)


async def students(given: Given) -> Sequence[Job]:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(OTHERS + 1)))
    jobs = await given.claim(OTHERS + 1)
    await asyncio.gather(*(given.ledger.work.commit(job.lease, [BEGIN, SaveAccount(account(job))]) for job in jobs))
    await given.ledger.work.commit(jobs[0].lease, [waits("mailgun", 1)])
    return sorted(jobs, key=lambda job: job.lease.student_id)


LOCKS: Mapping[str, tuple[str, Callable[[Job], Sequence[Write]]]] = {
    "student": ("SELECT FROM student WHERE student_id = 's0' FOR UPDATE", lambda _: [Defer(0)]),
    "share of student": ("SELECT FROM student WHERE student_id = 's0' FOR SHARE", lambda _: [Defer(0)]),
    "step": ("SELECT FROM step WHERE student_id = 's0' FOR UPDATE", lambda _: [BEGIN]),
    "account": (
        "UPDATE account SET generation = 7 WHERE student_id = 's0'",
        lambda job: [SaveAccount(account(job))],
    ),
    "inbox": ("UPDATE inbox SET settled_at = now() WHERE student_id = 's0'", lambda _: [SETTLE]),
    "tenant's wait": (
        "DELETE FROM tenant_wait WHERE service = 'mailgun'",
        lambda _: [waits("mailgun", 30)],
    ),
    "outcome": (
        "INSERT INTO outbox (event_id, topic, key, value, headers, created_at) VALUES (md5('s0')::uuid, '', '', '', '[]', now())",
        lambda job: [outcome(job)],
    ),
}


@pytest.mark.parametrize("row", LOCKS)
async def test_what_others_have_to_commit_does_not_wait_for_a_locked_row(
    given: Given, database_url: str, row: str
) -> None:
    locked, *others = await students(given)
    statement, writes = LOCKS[row]
    with transaction(database_url, statement):
        waits = asyncio.create_task(given.ledger.work.commit(locked.lease, writes(locked)))
        commits = (given.ledger.work.commit(job.lease, [BEGIN, outcome(job), Defer(0)]) for job in others)
        async with asyncio.timeout(ENOUGH):
            await asyncio.gather(*commits)
        assert not waits.done()
    async with asyncio.timeout(ENOUGH):
        await waits


async def test_an_address_that_another_transaction_is_about_to_take_keeps_only_those_waiting_who_want_it(
    given: Given, database_url: str
) -> None:
    one, *others = await students(given)
    insert = "INSERT INTO address VALUES ('microsoft', 'm@x', 'south', 's0')"
    with transaction(database_url, insert):
        waits = asyncio.create_task(given.ledger.work.reserve(one.lease, [MS], ["m@x"]))
        reserved = (given.ledger.work.reserve(job.lease, [MS], [f"{job.lease.student_id}@x"]) for job in others)
        async with asyncio.timeout(ENOUGH):
            assert sorted(map(str, await asyncio.gather(*reserved))) == sorted(
                f"{j.lease.student_id}@x" for j in others
            )
        assert not waits.done()
    async with asyncio.timeout(ENOUGH):
        assert await waits == "m@x"


async def test_a_lost_lease_is_not_mistaken_for_a_locked_row(given: Given, database_url: str) -> None:
    job, *_ = await students(given)
    with (
        transaction(database_url, "SELECT FROM student WHERE student_id = 's0' FOR UPDATE"),
        pytest.raises(Fenced),
    ):
        await given.ledger.work.commit(replace(job.lease, epoch=job.lease.epoch - 1), [Defer(0)])


async def test_a_due_student_whose_row_is_locked_is_not_claimed_and_still_due(given: Given, database_url: str) -> None:
    given.accept(event())
    with transaction(database_url, "SELECT FROM student FOR UPDATE"):
        assert await given.claim() == []
    assert await given.seconds_to_next() == 0
    assert len(await given.claim()) == 1
