"""Why students and services wait: kept with its cause, and ended by what ends it."""

import pytest

from consumer.errors import Reason, Superseded
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, Job, StepState, Wait
from consumer.ledger.port.work import Waiting
from consumer.ledger.port.writes import (
    BeginStep,
    Defer,
    EndStep,
    KeepLease,
    ReleaseAddress,
    SaveAccount,
    Settle,
    TenantWaits,
    Verified,
    WaitFor,
)
from tests.ledger.conftest import Given, Ledger, event

MS = Provider.MICROSOFT
BEGIN = BeginStep(MS, StepName.CREATE, 1, b"hash", timeout=30)
AWAY = WaitFor(MS, StepName.CREATE, Reason.PROVIDER_UNAVAILABLE)
NO_LICENCE = WaitFor(
    MS, StepName.LICENCES, Reason.LICENCES_EXHAUSTED, "400 Request_BadRequest", held=True, reported=True
)


async def deferred(given: Given, *waits: WaitFor, seconds: float = 0) -> Job:
    """The student, deferred for these causes and claimed again."""
    job = await given.claim_one()
    await given.ledger.work.commit(job.lease, [Defer(seconds, waits)])
    return await given.claim_one()


def only(job: Job) -> Wait:
    (wait,) = job.waits.values()
    return wait


# --- students ---


async def test_a_deferred_student_comes_back_with_the_cause(given: Given) -> None:
    given.accept(event())
    wait = only(await deferred(given, NO_LICENCE))
    assert (wait.provider, wait.step, wait.reason, wait.code) == (
        MS,
        StepName.LICENCES,
        Reason.LICENCES_EXHAUSTED,
        "400 Request_BadRequest",
    )
    assert (wait.held, wait.reported, wait.version) == (True, True, 1)


async def test_tries_in_a_row_for_one_reason_are_counted(given: Given) -> None:
    given.accept(event())
    tries = list[int]()
    for _ in range(3):
        tries.append(only(await deferred(given, AWAY)).attempts)
        given.ledger.advance(61)
    assert tries == [1, 2, 3]


async def test_another_reason_at_the_same_step_is_counted_anew_and_the_wait_continues(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    await deferred(given, AWAY)
    ledger.advance(61)
    limited = WaitFor(MS, StepName.CREATE, Reason.THROTTLED)
    job = await deferred(given, limited)
    wait = only(job)
    assert (wait.reason, wait.attempts) == (Reason.THROTTLED, 1)
    assert (job.now - wait.since).total_seconds() >= 61


async def test_a_cause_that_is_over_is_forgotten_while_another_lasts(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    await deferred(given, AWAY, NO_LICENCE)
    ledger.advance(61)
    assert only(await deferred(given, NO_LICENCE)).step is StepName.LICENCES


async def test_a_settled_student_waits_for_nothing(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    job = await deferred(given, NO_LICENCE)
    await ledger.work.commit(job.lease, [Settle(1, Disposition.APPLIED, verify_in=900)])
    given.accept(event("e2", version=2))
    assert (await given.claim_one()).waits == {}


async def test_a_newer_events_wait_begins_anew(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    await deferred(given, AWAY)
    ledger.advance(61)
    given.accept(event("e2", version=2))
    wait = only(await deferred(given, AWAY))
    assert (wait.version, wait.attempts) == (2, 1)


# --- newer events ---


async def test_a_step_is_not_begun_for_an_event_that_is_not_the_newest_any_more(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    job = await given.claim_one()
    given.accept(event("e2", version=2))
    with pytest.raises(Superseded):
        await ledger.work.commit(job.lease, [BEGIN])
    assert (await after_a_takeover(given)).steps == {}


async def test_what_was_begun_before_the_newer_event_came_is_ended(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    given.accept(event("e2", version=2))
    await ledger.work.commit(job.lease, [EndStep(MS, StepName.CREATE, StepState.DONE), Defer(0)])
    assert (await given.claim_one()).steps[MS, StepName.CREATE].state is StepState.DONE


async def test_a_look_up_may_be_made_for_an_older_event(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", version=1))
    job = await given.claim_one()
    given.accept(event("e2", version=2))
    await ledger.work.commit(job.lease, [KeepLease(30)])


async def after_a_takeover(given: Given) -> Job:
    given.ledger.advance(61)
    return await given.claim_one()


# --- lost answers ---

LOST = EndStep(MS, StepName.CREATE, StepState.UNKNOWN, Reason.OUTCOME_UNKNOWN)
REFUSED = EndStep(MS, StepName.CREATE, StepState.RETRYABLE, Reason.ACCOUNT_CONFLICT)


async def test_when_an_answer_was_lost_is_kept_through_later_refusals(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    refused = EndStep(MS, StepName.CREATE, StepState.UNKNOWN, Reason.THROTTLED)
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [LOST, Defer(0)])
    job = await given.claim_one()
    lost_at = job.steps[MS, StepName.CREATE].lost_at
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [refused, Defer(0)])
    assert lost_at is not None
    assert (await given.claim_one()).steps[MS, StepName.CREATE].lost_at == lost_at


async def test_an_answer_that_a_dead_worker_did_not_note_counts_as_lost(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    job = await after_a_long_silence(given)
    assert job.steps[MS, StepName.CREATE].lost_at is None
    await ledger.work.commit(job.lease, [BEGIN, EndStep(MS, StepName.CREATE, StepState.RETRYABLE), Defer(0)])
    assert (await given.claim_one()).steps[MS, StepName.CREATE].lost_at is not None


async def test_a_verified_step_has_lost_nothing(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [LOST])
    await ledger.work.commit(job.lease, [REFUSED])
    await ledger.work.commit(job.lease, [Verified(MS), Defer(0)])
    assert (await given.claim_one()).steps[MS, StepName.CREATE].lost_at is None


async def test_when_an_answer_was_lost_is_kept_where_a_verified_step_is_begun_again(
    given: Given, ledger: Ledger
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [LOST])
    await ledger.work.commit(job.lease, [Verified(MS), Defer(0)])
    job = await given.claim_one()
    lost_at = job.steps[MS, StepName.CREATE].lost_at
    await ledger.work.commit(job.lease, [BEGIN])
    await ledger.work.commit(job.lease, [REFUSED, Defer(0)])
    step = (await given.claim_one()).steps[MS, StepName.CREATE]
    assert lost_at is not None
    assert (step.unsure, step.lost_at) == (True, lost_at)


async def after_a_long_silence(given: Given) -> Job:
    given.ledger.advance(90)
    return await given.claim_one()


# --- addresses that are given back ---


async def test_a_released_address_is_free_for_others_and_the_account_is_forgotten(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", student_id="s1"), event("e2", student_id="s2"))
    one, two = sorted(await given.claim(), key=lambda job: job.lease.student_id)
    address = await ledger.work.reserve(one.lease, [MS], ["m@x.example"])
    assert address == "m@x.example"
    await ledger.work.commit(one.lease, [SaveAccount(Account(MS, address, "s1", {}))])
    await ledger.work.commit(one.lease, [ReleaseAddress(MS, address), Defer(0)])
    assert await ledger.work.reserve(two.lease, [MS], ["m@x.example"]) == "m@x.example"
    assert (await given.claim_one()).accounts == {}


async def test_an_address_is_released_by_its_own_student_only(given: Given, ledger: Ledger) -> None:
    given.accept(event("e1", student_id="s1"), event("e2", student_id="s2"))
    one, two = sorted(await given.claim(), key=lambda job: job.lease.student_id)
    await ledger.work.reserve(one.lease, [MS], ["m@x.example"])
    await ledger.work.commit(two.lease, [ReleaseAddress(MS, "m@x.example")])
    assert await ledger.work.reserve(two.lease, [MS], ["m@x.example"]) is None


# --- services ---


async def test_a_call_that_is_kept_back_has_the_reason(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    held = TenantWaits("microsoft", 30, Reason.CONSENT_MISSING, StepName.CREATE, "403 Denied", held=True)
    await ledger.work.commit(job.lease, [held])
    with pytest.raises(Waiting) as waiting:
        await ledger.work.commit(job.lease, [BEGIN], service="microsoft")
    assert (waiting.value.reason, waiting.value.code, waiting.value.held) == (
        Reason.CONSENT_MISSING,
        "403 Denied",
        True,
    )
    assert waiting.value.service == "microsoft"


@pytest.mark.parametrize(
    ("waits", "service", "kept_back"),
    [
        ("microsoft", "microsoft/groups/g1", True),
        ("microsoft/groups/g1", "microsoft/groups/g1", True),
        ("microsoft/groups/g1", "microsoft/groups/g2", False),
        ("microsoft/groups/g1", "microsoft", False),
        ("microsoft/groups", "microsoft/groups/g1", True),
        ("mailgun", "microsoft", False),
    ],
)
async def test_a_part_waits_with_its_service_and_not_the_service_with_its_part(
    given: Given, ledger: Ledger, waits: str, service: str, *, kept_back: bool
) -> None:
    given.accept(event())
    job = await given.claim_one()
    await ledger.work.commit(job.lease, [TenantWaits(waits, 30, Reason.GROUP_REFUSED, StepName.GROUPS, held=True)])
    try:
        await ledger.work.commit(job.lease, [BEGIN], service=service)
    except Waiting:
        assert kept_back
    else:
        assert not kept_back


async def test_a_vendors_own_time_does_not_take_the_cause_of_a_longer_hold_away(given: Given, ledger: Ledger) -> None:
    given.accept(event())
    job = await given.claim_one()
    held = TenantWaits("microsoft", 300, Reason.CONSENT_MISSING, StepName.CREATE, held=True)
    await ledger.work.commit(job.lease, [held])
    await ledger.work.commit(job.lease, [TenantWaits("microsoft", 5, Reason.THROTTLED, StepName.CREATE)])
    with pytest.raises(Waiting) as waiting:
        await ledger.work.commit(job.lease, [BEGIN], service="microsoft")
    assert waiting.value.reason is Reason.CONSENT_MISSING
