"""Claims and leases: who works on a student, and who no longer does."""

from dataclasses import replace

import pytest

from consumer.errors import Fenced
from consumer.events import StepName
from consumer.ledger.port.student import StepState
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import EndStep, KeepLease
from tests.ledger.conftest import Given, Ledger, event
from tests.ledger.writes import BEGIN, MS


async def test_a_claim_hands_over_the_newest_event(given: Given) -> None:
    given.accept(event("e1", version=1), event("e2", version=2))
    job = await given.claim_one()
    assert job.desired.event == event("e2", version=2)
    assert job.desired.providers == (MS,)
    assert job.attempt == 1


async def test_a_leased_student_is_not_claimed_again(given: Given) -> None:
    given.accept(event())
    await given.claim_one()
    assert await given.claim() == []


async def test_a_lease_that_ran_out_is_claimed_with_a_higher_epoch(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    first = await given.claim_one()
    ledger.advance(61)
    assert (await given.claim_one()).lease.epoch > first.lease.epoch


async def test_a_claim_takes_no_more_than_there_is_room_for(given: Given) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(5)))
    assert len(await given.claim(3)) == 3
    assert len(await given.claim(3)) == 2


async def test_each_tenant_has_its_own_room(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(5)), event("x", tenant_id="south"))
    jobs = await ledger.work.claim({"north": Room(2), "south": Room(2)}, lease=60, worker="w")
    assert sorted(job.lease.tenant_id for job in jobs) == ["north", "north", "south"]


async def test_a_worker_whose_lease_was_taken_over_is_fenced(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    stopped = await given.claim_one()
    ledger.advance(61)
    await given.claim_one()
    with pytest.raises(Fenced):
        await ledger.work.commit(stopped.lease, [BEGIN])


async def test_a_worker_whose_lease_ran_out_is_fenced_even_if_no_one_took_over(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    ledger.advance(61)
    with pytest.raises(Fenced):
        await ledger.work.commit(job.lease, [BEGIN])


async def test_a_step_that_begins_keeps_the_lease_beyond_its_call(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    ledger.advance(50)
    await ledger.work.commit(job.lease, [BEGIN])
    ledger.advance(40)
    await ledger.work.commit(job.lease, [EndStep(MS, StepName.CREATE, StepState.DONE)])


async def test_a_read_keeps_the_lease_beyond_its_call(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    ledger.advance(50)
    await ledger.work.commit(job.lease, [KeepLease(30)])
    ledger.advance(40)
    await ledger.work.commit(job.lease, [])


async def test_a_worker_whose_commits_the_ledger_has_lost_is_fenced(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    with pytest.raises(Fenced):
        await ledger.work.commit(replace(job.lease, written=2), [KeepLease(30)])
    with pytest.raises(Fenced):
        await ledger.work.reserve(replace(job.lease, written=2), [MS], ["m@x"])


async def test_a_commit_that_is_repeated_counts_once(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    for _ in range(3):
        await ledger.work.commit(job.lease, [BEGIN])
    with pytest.raises(Fenced):
        await ledger.work.commit(replace(job.lease, written=2), [KeepLease(30)])
    await ledger.work.commit(replace(job.lease, written=1), [KeepLease(30)])


async def test_the_next_lease_begins_to_count_anew(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    ledger.advance(61)
    with pytest.raises(Fenced):
        await ledger.work.commit(replace((await given.claim_one()).lease, written=1), [KeepLease(30)])
