"""What is kept for long enough goes; what is still needed stays, however old it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from bench.plans import scanned
from consumer.errors import Reason
from consumer.events import StepName, outcome_id, student_key
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.outbox import OnTopic
from consumer.ledger.port.student import Account, Lease, StepState
from consumer.ledger.port.writes import (
    BeginStep,
    Defer,
    EndStep,
    Publish,
    RetireAddress,
    SaveAccount,
    Settle,
    TenantWaits,
)
from consumer.ledger.retention import PostgresRetention
from tests.ledger.conftest import Given, Ledger, OnPostgres, event
from tests.ledger.writes import MS

WEEK = 7 * 86_400.0
RELAY = "relay"


def outcome(student_id: str, number: int = 1) -> Publish:
    event_id: UUID = outcome_id("account-provisioned", "north", student_id, MS, number, "")
    return Publish(event_id, "provisioned", student_key("north", student_id), b"value", ())


async def settle(ledger: Ledger, lease: Lease, *writes: Any, version: int = 1) -> None:
    await ledger.work.commit(lease, [*writes, Settle(version, Disposition.APPLIED, 0)])


def publish_all(ledger: Ledger) -> None:
    epoch = ledger.outbox.take_over(RELAY)
    while batch := ledger.outbox.next_batch(RELAY, epoch, limit=1):
        ledger.outbox.published(RELAY, epoch, batch.number)


def deleted(pages: Iterator[int]) -> int:
    return sum(pages)


async def test_published_outcomes_go_but_the_newest_batch_stays(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{ident}", student_id=ident) for ident in ("s1", "s2", "s3", "s4")))
    for job in await given.claim():
        await settle(ledger, job.lease, outcome(job.lease.student_id))
    publish_all(ledger)
    assert deleted(ledger.retention.published_outcomes(keep=WEEK)) == 0
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.published_outcomes(keep=WEEK)) == 3
    epoch = ledger.outbox.take_over(RELAY)
    assert ledger.outbox.landmark(RELAY, epoch) is not None
    assert ledger.outbox.next_batch(RELAY, epoch, limit=9) is None


async def test_outcomes_that_are_not_published_stay(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    await settle(ledger, (await given.claim_one()).lease, outcome("s1"))
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.published_outcomes(keep=WEEK)) == 0
    assert ledger.outbox.next_batch(RELAY, ledger.outbox.take_over(RELAY), limit=9) is not None


async def test_outcomes_of_a_student_who_is_not_settled_stay_and_are_not_published_twice(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event("e1", student_id="s1"), event("e2", student_id="s2"), event("e3", student_id="s3"))
    for job in await given.claim():
        if job.lease.student_id == "s1":
            await ledger.work.commit(job.lease, [outcome("s1"), Defer(0)])
        else:
            await settle(ledger, job.lease, outcome(job.lease.student_id))
    publish_all(ledger)
    ledger.advance(WEEK + 1)
    deleted(ledger.retention.published_outcomes(keep=WEEK))
    await ledger.work.commit((await given.claim_one()).lease, [outcome("s1"), Defer(0)])
    assert ledger.outbox.next_batch(RELAY, ledger.outbox.take_over(RELAY), limit=9) is None


async def test_outcomes_of_a_student_who_is_to_be_verified_stay(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", student_id="s1"), event("e2", student_id="s2"), event("e3", student_id="s3"))
    for job in await given.claim():
        begin = BeginStep(MS, StepName.CREATE, 1, b"", timeout=30)
        unsure = [begin, EndStep(MS, StepName.CREATE, StepState.DONE, unsure=True)]
        await settle(
            ledger, job.lease, *(unsure if job.lease.student_id == "s1" else []), outcome(job.lease.student_id)
        )
    publish_all(ledger)
    ledger.advance(WEEK + 1)
    deleted(ledger.retention.published_outcomes(keep=WEEK))
    await ledger.work.commit((await given.claim_one()).lease, [outcome("s1"), Defer(0)])
    assert ledger.outbox.next_batch(RELAY, ledger.outbox.take_over(RELAY), limit=9) is None


async def test_outcomes_that_were_read_back_are_kept_from_then_on_however_old_they_are(
    given: Given, ledger: Ledger
) -> None:
    del given
    epoch = ledger.outbox.take_over(RELAY)
    ledger.outbox.recall(RELAY, epoch, [OnTopic(outcome("s1"), datetime(2020, 1, 1, tzinfo=UTC))])
    assert deleted(ledger.retention.recalled_outcomes(keep=WEEK)) == 0
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.published_outcomes(keep=WEEK)) == 0
    assert deleted(ledger.retention.recalled_outcomes(keep=WEEK)) == 1


async def test_outcomes_that_were_read_back_stay_while_their_student_has_work(given: Given, ledger: Ledger) -> None:
    epoch = ledger.outbox.take_over(RELAY)
    ledger.outbox.recall(
        RELAY, epoch, [OnTopic(outcome(student), datetime(2020, 1, 1, tzinfo=UTC)) for student in ("s1", "s2")]
    )
    given.accept(event("e1", student_id="s1"))
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.recalled_outcomes(keep=WEEK)) == 1
    await settle(ledger, (await given.claim_one()).lease, outcome("s1"))
    assert ledger.outbox.next_batch(RELAY, epoch, limit=9) is None
    assert deleted(ledger.retention.recalled_outcomes(keep=WEEK)) == 1


async def test_an_event_that_is_delivered_again_after_its_row_has_gone_does_nothing(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    await settle(ledger, (await given.claim_one()).lease)
    assert given.accept(event()) == [Disposition.DUPLICATE]
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.settled_events(keep=WEEK)) == 1
    assert given.accept(event()) == [Disposition.SUPERSEDED]
    assert await given.claim() == []


async def test_an_event_that_is_not_settled_stays(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.settled_events(keep=WEEK)) == 0
    assert given.accept(event()) == [Disposition.DUPLICATE]


async def test_an_event_that_came_too_late_goes_too(given: Given, ledger: Ledger) -> None:
    given.accept(event("e2", version=2))
    given.accept(event("e1", version=1))
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.settled_events(keep=WEEK)) == 1
    assert ledger.dispositions() == {"e2": Disposition.PENDING}


async def test_attempts_go_by_their_tenants_own_age(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{tenant}", tenant_id=tenant) for tenant in ("north", "south")))
    for tenant in ("north", "south"):
        for job in await given.claim(tenant=tenant):
            begin = BeginStep(MS, StepName.CREATE, 1, b"", timeout=30)
            await settle(ledger, job.lease, begin, EndStep(MS, StepName.CREATE, StepState.DONE))
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.old_attempts(keep={"south": 2 * WEEK}, others=WEEK)) == 1
    assert not ledger.history.attempts("north", "s1")
    assert len(ledger.history.attempts("south", "s1")) == 1


async def test_former_addresses_go_by_their_tenants_own_age(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{tenant}", tenant_id=tenant) for tenant in ("north", "south", "west")))
    for tenant in ("north", "south"):
        for job in await given.claim(tenant=tenant):
            await ledger.work.commit(job.lease, [RetireAddress(MS, f"{tenant}@x"), Defer(0)])
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.retired_addresses(keep={"south": 2 * WEEK}, others=WEEK)) == 1
    (other,) = await given.claim(tenant="west")
    assert await ledger.work.reserve(other.lease, [MS], ["south@x", "north@x"]) == "north@x"


async def test_what_an_account_has_is_no_former_address(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    account = Account(MS, "M@x", "marker", {}, next_address="m2@x")
    retired = [RetireAddress(MS, address) for address in ("m@x", "m2@x", "m3@x")]
    await ledger.work.commit(job.lease, [SaveAccount(account), *retired, Defer(0)])
    ledger.advance(WEEK + 1)
    assert deleted(ledger.retention.retired_addresses(keep={}, others=WEEK)) == 1


async def test_waits_that_are_over_go(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    waits = [TenantWaits(service, 60, Reason.THROTTLED, StepName.CREATE) for service in ("microsoft", "mailgun")]
    await ledger.work.commit((await given.claim_one()).lease, [*waits, Defer(0)])
    ledger.advance(61)
    assert deleted(ledger.retention.ended_waits(keep=WEEK)) == 0
    ledger.advance(WEEK)
    assert deleted(ledger.retention.ended_waits(keep=WEEK)) == 2


FILL = """
    INSERT INTO inbox (tenant_id, event_id, student_id, version, digest, topic, partition, kafka_offset, occurred_at, received_at,
                       disposition, settled_at)
      SELECT 'north', n::text, n::text, 1, '', 'events', 0, n, now(), now(), 'applied', now() FROM generate_series(1, 20000) AS n;
    INSERT INTO outbox (event_id, topic, key, value, headers, batch, created_at)
      SELECT gen_random_uuid(), 'provisioned', convert_to('north/' || n, 'UTF8'), '', '[]', n, now() FROM generate_series(1, 20000) AS n;
    INSERT INTO attempt (tenant_id, student_id, provider, step, number, state, version, started_at, ended_at)
      SELECT 'north', n::text, 'google', 'create', 1, 'done', 1, now(), now() FROM generate_series(1, 20000) AS n;
    INSERT INTO address (provider, address, tenant_id, student_id, retired_at)
      SELECT 'google', n || '@x', 'north', n::text, CASE WHEN n % 100 = 0 THEN now() END FROM generate_series(1, 20000) AS n;
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, licences, groups, settled_version)
      SELECT 'north', n::text, 'google', n || '@y', n::text, '{}', 0, '{}', '{}', 1 FROM generate_series(1, 20000) AS n;
    INSERT INTO credential (tenant_id, student_id, provider, generation, sealed, expires_at)
      SELECT 'north', n::text, 'google', 0, '', now() + interval '1 day' FROM generate_series(1, 20000) AS n;
    ANALYZE
"""


@pytest.mark.parts
async def test_what_is_old_is_found_by_indexes(on_postgres: OnPostgres) -> None:
    for statement in FILL.split(";"):
        on_postgres.execute(statement)
    retention = PostgresRetention(on_postgres.engine)

    def run() -> None:
        for pages in (
            retention.published_outcomes(keep=WEEK),
            retention.settled_events(keep=WEEK),
            retention.old_attempts(keep={}, others=WEEK),
            retention.retired_addresses(keep={}, others=WEEK),
            retention.expired_credentials(),
        ):
            deleted(pages)

    assert scanned(on_postgres.engine, run) <= {"relay"}  # it has a row or two
