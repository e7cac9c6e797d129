"""Deferrals and settlements: when a student is due again, and which steps stay unsure."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consumer.errors import Fenced
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import Defer, EndStep, SaveAccount, Settle, Verified
from consumer.policy.work_class import WorkClass
from tests.ledger.conftest import Given, Ledger, cancellation, event, suspension
from tests.ledger.writes import ACCOUNT, BEGIN, CREATE, MS, SETTLE, ended


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
    assert await given.seconds_to_next() is None


async def test_a_student_whose_account_is_to_be_deleted_is_due_then(given: Given, ledger: Ledger) -> None:
    await to_be_deleted(given, ledger, seconds=500)
    assert await given.seconds_to_next() == pytest.approx(500, abs=5)


async def test_or_before_where_a_step_is_unsure(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.UNKNOWN), SETTLE])
    assert await given.seconds_to_next() == pytest.approx(900, abs=5)


async def test_or_when_the_deletion_is_to_be_announced(given: Given, ledger: Ledger) -> None:
    await to_be_deleted(given, ledger, seconds=500, notice=200)
    assert await given.seconds_to_next() == pytest.approx(200, abs=5)


async def test_what_was_announced_is_kept_with_the_account(given: Given, ledger: Ledger) -> None:
    before = await to_be_deleted(given, ledger, seconds=500, notice=0)
    job = await given.claim_one()
    assert job.accounts[MS].notice_at is not None
    noticed = replace(job.accounts[MS], notice_at=None, noticed_for=before.delete_at)
    await ledger.work.commit(job.lease, [SaveAccount(noticed), SETTLE])
    assert await given.seconds_to_next() == pytest.approx(500, abs=5)
    ledger.advance(501)
    assert (await given.claim_one()).accounts[MS].noticed_for is not None


async def test_a_time_of_an_announcement_without_a_deletion_is_none(given: Given, ledger: Ledger) -> None:
    """As the code of before the announcements leaves it when it cancels a deletion."""
    await to_be_deleted(given, ledger, seconds=500, notice=200)
    ledger.inbox.accept([suspension(event("e2", version=2))], epochs=given.epochs)
    job = await given.claim_one()
    kept = replace(job.accounts[MS], delete_at=None)
    await ledger.work.commit(job.lease, [SaveAccount(kept), Settle(2, Disposition.APPLIED, verify_in=900)])
    assert await given.seconds_to_next() is None


async def test_what_is_left_to_do_for_a_settled_student_is_not_urgent(given: Given, ledger: Ledger) -> None:
    await to_be_deleted(given, ledger, seconds=0)
    assert not (await ledger.work.due(None)).tenants["north"].urgent
    assert (await given.claim_one()).work_class is WorkClass.NORMAL


async def test_an_event_that_asks_for_nothing_cancels_a_deletion(given: Given, ledger: Ledger) -> None:
    await to_be_deleted(given, ledger, seconds=500)
    assert ledger.inbox.tenants_with_open_work({"north", "south"}) == {"north"}
    assert ledger.inbox.accept([cancellation(event("e2", version=2))], epochs=given.epochs) == [Disposition.PENDING]
    assert (await given.claim_one()).desired.providers == ()


async def test_and_none_where_it_has_been_cancelled(given: Given, ledger: Ledger) -> None:
    await to_be_deleted(given, ledger, seconds=500)
    ledger.inbox.accept([cancellation(event("e2", version=2))], epochs=given.epochs)
    job = await given.claim_one()
    kept = replace(job.accounts[MS], delete_at=None)
    await ledger.work.commit(job.lease, [SaveAccount(kept), Settle(2, Disposition.APPLIED, verify_in=900)])
    assert ledger.inbox.tenants_with_open_work({"north"}) == frozenset()
    assert ledger.inbox.accept([cancellation(event("e3", version=3))], epochs=given.epochs) == [Disposition.SKIPPED]


async def to_be_deleted(given: Given, ledger: Ledger, *, seconds: float, notice: float | None = None) -> Account:
    """An event is settled, and an account is to be deleted so much later; `notice`: that is to be announced then."""
    ledger.inbox.accept([suspension(event())], epochs=given.epochs)
    job = await given.claim_one()
    await ledger.work.reserve(job.lease, [MS], [ACCOUNT.address])
    notice_at = None if notice is None else job.now + timedelta(seconds=notice)
    at = job.now + timedelta(seconds=seconds)
    account = replace(ACCOUNT, object_id="o1", delete_at=at, notice_at=notice_at)
    await ledger.work.commit(job.lease, [SaveAccount(account), SETTLE])
    return account


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
    await ledger.work.commit(job.lease, [ended(StepState.RETRYABLE)])
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [ended(StepState.DONE), SETTLE])
    assert await given.seconds_to_next() is None


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
    assert await given.seconds_to_next() is None


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
