"""Waits of a tenant's services: no call begins before they are over."""

import pytest

from consumer.ledger.port.work import Waiting
from consumer.ledger.port.writes import Defer
from tests.ledger.conftest import Given, Ledger, event
from tests.ledger.writes import BEGIN, CREATE, waits


async def test_no_one_begins_a_call_while_the_tenants_service_waits(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    one, two = await given.claim()
    await ledger.work.commit(one.lease, [waits(30)])
    with pytest.raises(Waiting) as waiting:
        await ledger.work.commit(two.lease, [BEGIN], service="microsoft")
    assert 29 < waiting.value.seconds <= 30
    await ledger.work.commit(two.lease, [Defer(0)])
    assert CREATE not in (await given.claim_one()).steps


async def test_another_service_does_not_wait(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [waits(30)])
    await ledger.work.commit(job.lease, [BEGIN], service="mailgun")


async def test_a_shorter_wait_never_cuts_a_longer_one(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [waits(30)])
    await ledger.work.commit(job.lease, [waits(1)])
    ledger.advance(5)
    with pytest.raises(Waiting):
        await ledger.work.commit(job.lease, [], service="microsoft")


async def test_of_several_waits_in_one_commit_the_longest_counts(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(
        job.lease,
        [
            waits(30),
            waits(1),
        ],
    )
    ledger.advance(5)
    with pytest.raises(Waiting):
        await ledger.work.commit(job.lease, [], service="microsoft")


async def test_the_wait_ends(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [waits(30)])
    ledger.advance(31)
    await ledger.work.commit(job.lease, [BEGIN], service="microsoft")
