"""Steps and accounts: what is begun, ended and saved."""

from dataclasses import replace

from consumer.errors import Reason
from consumer.events import Origin, StepName
from consumer.ledger.port.student import StepState
from consumer.ledger.port.writes import Defer, EndStep, SaveAccount
from tests.ledger.conftest import Given, Ledger, event
from tests.ledger.writes import ACCOUNT, BEGIN, CREATE, MS, ended


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
        announced_version=1,
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
