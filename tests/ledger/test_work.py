"""Leases, steps and settlements: what workers may rely on."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from consumer.errors import Fenced, Reason
from consumer.events import Origin, Provider, StepName
from consumer.ledger.port import (
    Account,
    BeginStep,
    Defer,
    DestroyCredential,
    Disposition,
    EndStep,
    KeepLease,
    Publish,
    SaveAccount,
    SealCredential,
    Settle,
    StepState,
    TenantWaits,
    Verified,
    Waiting,
)
from tests.ledger.conftest import Given, Ledger, event

MS = Provider.MICROSOFT
CREATE = (MS, StepName.CREATE)
BEGIN = BeginStep(MS, StepName.CREATE, 1, b"hash", timeout=30)
ACCOUNT = Account(MS, "m.rossi@x.example", "s1", {"address": "m.rossi@x.example", "org_unit": None})

SETTLE = Settle(1, Disposition.APPLIED, verify_in=900)


def ended(state: StepState) -> EndStep:
    return EndStep(MS, StepName.CREATE, state)


def waits(seconds: float) -> TenantWaits:
    return TenantWaits("microsoft", seconds, Reason.THROTTLED, StepName.CREATE)


def outcome(number: int = 1) -> Publish:
    return Publish(UUID(int=number), "outcomes", b"north/s1", b"value", (("ce_id", b"1"),))


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
    jobs = await ledger.work.claim({"north": 2, "south": 2}, lease=60, worker="w")
    assert sorted(job.lease.tenant_id for job in jobs) == ["north", "north", "south"]


async def test_a_worker_whose_lease_was_taken_over_is_fenced(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    stopped = await given.claim_one()
    ledger.advance(61)
    await given.claim_one()
    with pytest.raises(Fenced):
        await ledger.work.commit(stopped.lease, [BEGIN])


async def test_a_worker_whose_lease_ran_out_is_fenced_even_if_nobody_took_over(given: Given, ledger: Ledger) -> None:
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


async def test_what_a_dead_worker_began_is_found_by_the_next(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    ledger.advance(90)
    step = (await given.claim_one()).steps[CREATE]
    assert (step.state, step.attempt, step.request_hash) == (StepState.STARTED, 1, b"hash")


async def test_a_step_that_is_begun_again_counts_its_attempts(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    unknown = EndStep(MS, StepName.CREATE, StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN)
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [unknown])
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [unknown, Defer(0)])
    step = (await given.claim_one()).steps[CREATE]
    assert (step.state, step.attempt, step.reason) == (StepState.UNKNOWN, 2, Reason.OUTCOME_UNKNOWN)


async def test_an_account_is_kept_as_it_was_saved(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    standing = replace(
        ACCOUNT,
        object_id="o",
        origin=Origin.CREATED,
        licences=("a", "b"),
        groups=("g",),
        settled_version=1,
        generation=2,
    )
    await ledger.work.commit(job.lease, [SaveAccount(ACCOUNT)])
    await ledger.work.commit(job.lease, [SaveAccount(standing), Defer(0)])
    assert (await given.claim_one()).accounts == {MS: standing}


async def test_of_several_saves_in_one_commit_the_last_stands(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    standing = replace(ACCOUNT, object_id="o")
    await ledger.work.commit(job.lease, [SaveAccount(ACCOUNT), SaveAccount(standing), Defer(0)])
    assert (await given.claim_one()).accounts == {MS: standing}


async def test_a_step_that_is_begun_twice_in_one_commit_counts_both_attempts(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    again = replace(BEGIN, request_hash=b"other")
    await ledger.work.commit(job.lease, [BEGIN, again, Defer(0)])
    step = (await given.claim_one()).steps[CREATE]
    assert (step.attempt, step.request_hash, step.unsure) == (2, b"other", False)


async def test_a_step_that_ends_twice_in_one_commit_is_in_the_last_state_and_unsure_if_either_end_is(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN), ended(StepState.DONE), Defer(0)])
    step = (await given.claim_one()).steps[CREATE]
    assert (step.state, step.unsure) == (StepState.DONE, True)


async def test_a_deferred_student_is_due_when_its_time_has_come(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Defer(100)])
    assert await given.claim() == []
    ledger.advance(101)
    assert (await given.claim_one()).attempt == 2


async def test_a_newer_event_makes_a_deferred_student_due_at_once(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"))
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Defer(100)])
    given.accept(event("e2", version=2))
    job = await given.claim_one()
    assert (job.desired.event.version, job.attempt) == (2, 1)


async def test_a_newer_event_during_the_lease_outruns_the_deferral(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"))
    job = await given.claim_one()
    given.accept(event("e2", version=2))
    await ledger.work.commit(job.lease, [Defer(100)])
    assert (await given.claim_one()).desired.event.version == 2


async def test_a_settled_student_is_done_with(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SETTLE])
    assert ledger.dispositions() == {"e1": Disposition.APPLIED}
    assert await given.claim() == []
    assert await ledger.work.seconds_to_next(["north"]) is None


async def test_settling_supersedes_older_events_that_were_never_begun(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    given.accept(event("e2", version=2))
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Settle(2, Disposition.FAILED, verify_in=900)])
    assert ledger.dispositions() == {"e1": Disposition.SUPERSEDED, "e2": Disposition.FAILED}


async def test_a_newer_event_during_the_lease_is_due_after_settling(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"))
    job = await given.claim_one()
    given.accept(event("e2", version=2))
    await ledger.work.commit(job.lease, [SETTLE])
    assert ledger.dispositions() == {"e1": Disposition.APPLIED, "e2": Disposition.PENDING}
    assert (await given.claim_one()).desired.event.version == 2


async def test_a_lease_ends_with_settling(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SETTLE])
    with pytest.raises(Fenced):
        await ledger.work.commit(job.lease, [BEGIN])


async def test_a_student_whose_steps_are_all_known_is_not_looked_at_again(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.THROTTLED)])
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.DONE), SETTLE])
    assert await ledger.work.seconds_to_next(["north"]) is None


async def test_a_step_that_was_unknown_is_unsure_when_it_is_done_and_the_student_due_once_more(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN)])
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.DONE), SETTLE])
    assert ledger.dispositions() == {"e1": Disposition.APPLIED}
    ledger.advance(890)
    assert await given.claim() == []
    ledger.advance(20)
    job = await given.claim_one()
    assert (job.settled, job.attempt, job.steps[CREATE].unsure) == (True, 1, True)


async def test_a_step_whose_owner_died_is_unsure_when_the_next_has_found_out_about_it(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    dead = await given.claim_one()
    await ledger.work.commit(dead.lease, [BEGIN])
    ledger.advance(90)
    job = await given.claim_one()
    assert not job.settled
    await ledger.work.commit(job.lease, [ended(StepState.DONE), Defer(0)])
    assert (await given.claim_one()).steps[CREATE].unsure


async def test_a_step_whose_owner_died_is_unsure_when_the_next_has_begun_it_again(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    dead = await given.claim_one()
    await ledger.work.commit(dead.lease, [BEGIN])
    ledger.advance(90)
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.DONE), Defer(0)])
    assert (await given.claim_one()).steps[CREATE].unsure


async def test_an_intent_that_is_committed_twice_by_its_owner_leaves_nothing_unsure(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.DONE), Defer(0)])
    assert not (await given.claim_one()).steps[CREATE].unsure


async def test_a_step_can_be_done_and_unsure(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [EndStep(MS, StepName.CREATE, StepState.DONE, unsure=True), Defer(0)])
    step = (await given.claim_one()).steps[CREATE]
    assert (step.state, step.unsure) == (StepState.DONE, True)


async def test_a_verified_account_is_not_looked_at_again(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN), SETTLE])
    ledger.advance(901)
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Verified(MS), SETTLE])
    assert await ledger.work.seconds_to_next(["north"]) is None


async def test_one_providers_verification_says_nothing_about_anothers(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN), Verified(Provider.GOOGLE), Defer(0)])
    assert (await given.claim_one()).steps[CREATE].unsure


async def test_settling_again_changes_no_disposition(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN), Settle(1, Disposition.FAILED, verify_in=0)])
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Verified(MS), SETTLE])
    assert ledger.dispositions() == {"e1": Disposition.FAILED}


async def test_a_newer_event_is_due_at_once_whatever_is_unsure(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"))
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    given.accept(event("e2", version=2))
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN), SETTLE])
    job = await given.claim_one()
    assert (job.desired.event.version, job.settled) == (2, False)


async def test_the_next_due_student_says_how_long_to_wait(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [Defer(100)])
    assert 90 < (await ledger.work.seconds_to_next(["north"]) or 0) <= 100


async def test_the_next_student_can_be_one_whose_lease_runs_out(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1"), event("e2", student_id="s2"))
    leased, deferred = await given.claim(lease=50)
    await ledger.work.commit(deferred.lease, [Defer(100)])
    assert 40 < (await ledger.work.seconds_to_next(["north"]) or 0) <= 50
    ledger.advance(51)
    assert await ledger.work.seconds_to_next(["north"]) == 0
    assert (await given.claim_one()).lease.student_id == leased.lease.student_id


async def test_a_student_that_is_due_is_the_next_although_others_are_leased(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(4)))
    assert len(await given.claim(3)) == 3
    assert await ledger.work.seconds_to_next(["north"]) == 0


async def test_only_the_tenants_asked_about_have_a_next_student(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    assert await ledger.work.seconds_to_next(["south"]) is None
    assert await ledger.work.seconds_to_next(["south", "north"]) == 0


async def test_the_first_password_of_a_generation_stands(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"first", 100)])
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"second", 100), Defer(0)])
    assert (await given.claim_one()).credentials[MS].sealed == b"first"


async def test_of_two_passwords_of_a_generation_in_one_commit_the_first_stands(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    seals = [SealCredential(MS, 0, b"first", 100), SealCredential(MS, 0, b"second", 100)]
    await ledger.work.commit(job.lease, [*seals, Defer(0)])
    assert (await given.claim_one()).credentials[MS].sealed == b"first"


async def test_a_password_is_gone_when_it_is_destroyed(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"sealed", 100)])
    await ledger.work.commit(job.lease, [DestroyCredential(MS), Defer(0)])
    assert (await given.claim_one()).credentials == {}


async def test_a_password_is_gone_when_its_time_is_over(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"sealed", 100), Defer(0)])
    ledger.advance(101)
    assert (await given.claim_one()).credentials == {}


async def test_a_password_whose_time_is_over_makes_room_for_another_of_its_generation(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"first", 10)])
    ledger.advance(11)
    await ledger.work.commit(job.lease, [SealCredential(MS, 0, b"second", 100), Defer(0)])
    assert (await given.claim_one()).credentials[MS].sealed == b"second"


async def test_passwords_whose_time_is_over_are_destroyed_the_oldest_first(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    seals = [SealCredential(MS, generation, b"sealed", lifetime) for generation, lifetime in enumerate((30, 10, 100))]
    await ledger.work.commit(job.lease, seals)
    assert await ledger.work.forget_expired(limit=10) == 0
    ledger.advance(31)
    assert ledger.sealed() == {0, 1, 2}
    assert await ledger.work.forget_expired(limit=1) == 1
    assert ledger.sealed() == {0, 2}
    assert await ledger.work.forget_expired(limit=10) == 1
    assert ledger.sealed() == {2}


async def test_nobody_begins_a_call_while_the_tenants_service_waits(given: Given, ledger: Ledger) -> None:
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


async def test_an_outcome_is_queued_once_however_often_it_is_written(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [outcome()])
    await ledger.work.commit(job.lease, [outcome(), outcome(2), outcome(2)])
    epoch = ledger.outbox.take_over("relay")
    batch = ledger.outbox.next_batch("relay", epoch, limit=10)
    assert batch
    assert len(batch.rows) == 2


async def test_many_callers_at_once_each_get_their_own_answer(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(9)))
    jobs = list(await given.claim())
    stolen = replace(jobs[4].lease, epoch=jobs[4].lease.epoch - 1)
    leases = [job.lease for job in jobs[:4]] + [stolen] + [job.lease for job in jobs[5:]]
    commits = (ledger.work.commit(lease, [BEGIN]) for lease in leases)
    answers = await asyncio.gather(*commits, return_exceptions=True)
    assert [type(answer) for answer in answers] == [type(None)] * 4 + [Fenced] + [type(None)] * 4


async def test_what_many_callers_write_at_once_is_written_for_each_of_them(given: Given, ledger: Ledger) -> None:
    given.accept(*(event(f"e{n}", student_id=f"s{n}") for n in range(9)))
    jobs = await given.claim()
    accounts = {job.lease.student_id: replace(ACCOUNT, address=f"{job.lease.student_id}@x") for job in jobs}
    await asyncio.gather(
        *(ledger.work.commit(job.lease, [SaveAccount(accounts[job.lease.student_id]), Defer(0)]) for job in jobs)
    )
    assert {job.lease.student_id: job.accounts[MS] for job in await given.claim()} == accounts
