"""Waits are reported downstream within a bound, once for each cause, and never as final."""

from datetime import timedelta

import pytest

from consumer.errors import Fault, Hold, OutcomeUnknown, Reason, RetryLater, Scope, Unavailable
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import Mishap, lost_request, refused, throttled
from tests.provisioning.conftest import REPORT_AFTER, School


def reported(school: School) -> list[tuple[str, str, bool]]:
    return [(one["step"], one["reason"], one["final"]) for one in school.outcomes("AccountProvisioningFailed")]


async def work_for(school: School, seconds: float) -> None:
    """Works whatever is due in this time, and no more."""
    end = school.now + timedelta(seconds=seconds)
    while (due := await school.seconds_to_next()) is not None and school.now + timedelta(seconds=due) <= end:
        school.now += timedelta(seconds=due)
        await school.work()
    school.now = end


@pytest.mark.parametrize(
    ("mishap", "reason"),
    [
        (refused(Unavailable("Out of order.")), Reason.PROVIDER_UNAVAILABLE),
        (throttled(60), Reason.THROTTLED),
        (lost_request(), Reason.OUTCOME_UNKNOWN),
    ],
)
async def test_a_long_wait_is_reported_once_with_its_reason(school: School, mishap: Mishap, reason: Reason) -> None:
    school.directory.next_calls("create", *[mishap] * 100)
    school.enrol()
    await work_for(school, 2 * REPORT_AFTER)
    assert reported(school) == [("create", reason, False)]


async def test_a_short_wait_is_reported_to_no_one(school: School) -> None:
    school.directory.next_calls("create", *[throttled(60)] * 3)
    school.enrol()
    await school.work_until_settled()
    assert reported(school) == []


async def test_a_wait_that_will_be_long_is_reported_when_it_begins(school: School) -> None:
    school.directory.next_calls("create", throttled(REPORT_AFTER + 1))
    school.enrol()
    await school.work()
    assert reported(school) == [("create", Reason.THROTTLED, False)]


async def test_many_tries_are_reported_before_their_time_is_over(school: School) -> None:
    school.directory.next_calls("create", *[throttled(1)] * 20)
    school.enrol()
    await work_for(school, REPORT_AFTER / 3)
    assert reported(school) == [("create", Reason.THROTTLED, False)]


async def test_who_waits_behind_anothers_hold_is_reported_when_it_takes_long(school: School) -> None:
    no_consent = Hold("No consent.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT)
    school.directory.next_calls("find_marked", *[refused(no_consent)] * 100)
    school.enrol("S1")
    school.enrol("S2")
    await work_for(school, 60)
    assert len(reported(school)) == 1
    await work_for(school, 2 * REPORT_AFTER)
    assert reported(school) == [("create", Reason.CONSENT_MISSING, False)] * 2


@pytest.mark.parametrize(
    "fault",
    [OutcomeUnknown("No answer in time."), RetryLater("Busy.", code="409 Conflict")],
)
async def test_what_stays_unclear_is_tried_ever_less_often(school: School, fault: Fault) -> None:
    school.directory.next_calls("create", *[refused(fault)] * 1_000)
    school.enrol()
    await work_for(school, 24 * 3_600)
    assert school.directory.calls.count("create") < 60


async def test_after_an_outage_a_single_missing_answer_does_not_make_the_account_missing(school: School) -> None:
    school.directory.next_calls("add_to_group", *[refused(Unavailable("Out of order."))] * 15)
    school.enrol()
    await work_for(school, 3_600)
    school.account().hidden = True
    await work_for(school, 600)
    school.account().hidden = False
    await school.work_until_settled()
    assert Reason.ACCOUNT_MISSING not in [reason for _, reason, _ in reported(school)]


async def test_a_mail_that_waits_for_long_is_reported_as_delayed(school: School) -> None:
    school.mailer.next_sends(*[unreachable()] * 20)
    school.enrol()
    await school.work_until_settled()
    assert [one["state"] for one in school.outcomes("WelcomeEmailStatus")] == ["delayed", "accepted"]


async def test_a_student_who_was_not_claimed_for_long_is_reported_at_the_first_wait(school: School) -> None:
    school.directory.next_calls("create", throttled(60))
    school.enrol()
    school.now += timedelta(seconds=REPORT_AFTER)
    await school.work()
    assert reported(school) == [("create", Reason.THROTTLED, False)]
