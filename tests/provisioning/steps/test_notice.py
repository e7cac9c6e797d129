"""The deletion of an account is announced beforehand: to the student, to the office, once for each date."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from consumer.errors import GiveUp, Reason
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import Account, StepState
from consumer.ledger.port.writes import BeginStep
from consumer.mail.port import Mail
from consumer.tenants import Deletion, DeletionNotice
from testbed.fakes.mailer import Mishap, error_but_sent, lost_request, lost_response, refused, throttled, unreachable
from tests.provisioning.conftest import HOLD_DOWN, TENANT, School

HOME, OFFICE = "maria@home.example", "office@school.example"
GRACE, AHEAD, LEAD = timedelta(days=30), timedelta(days=7), timedelta(days=1)
A_MOMENT = timedelta(seconds=1)


def announced(**said: Any) -> Deletion:
    """The tenant's configuration, with a notice that says this."""
    return Deletion(grace=30, date_attribute="leaves_on", notice=DeletionNotice.model_validate(said))


def account(school: School) -> Account:
    return school.ledger.student(TENANT, "S1").known.accounts[Provider.MICROSOFT]


def notices(school: School) -> Sequence[Mail]:
    return [one.mail for one in school.mailer.mailbox if one.mail.message_id.startswith("deletion.")]


def failures(school: School) -> list[tuple[str, str, bool]]:
    return [(one["step"], one["reason"], one["final"]) for one in school.outcomes("AccountProvisioningFailed")]


async def after(school: School, time: timedelta) -> None:
    """So much later, with all that is due until then done in its time."""
    end = school.now + time
    while (seconds := await school.seconds_to_next()) is not None and school.now + timedelta(seconds=seconds) < end:
        school.now += timedelta(seconds=max(seconds, 0.001))
        await school.work()
    school.now = end


async def later(school: School, time: timedelta) -> None:
    """So much later, with what is due then tried once."""
    school.now += time
    await school.work()


@pytest.fixture
async def departed(enrolled: School) -> School:
    """A student whose account is suspended, and to be deleted in 30 days; 7 days before, that is to be announced."""
    enrolled.configure(deletion=announced(office=[OFFICE]))
    enrolled.depart(version=2)
    await enrolled.work()
    enrolled.mailer.mailbox.clear()
    enrolled.mailer.attempts.clear()
    return enrolled


async def test_it_is_announced_in_time_to_the_student_and_the_office_and_the_account_deleted_on_that_day(
    departed: School,
) -> None:
    await after(departed, GRACE - AHEAD - A_MOMENT)
    assert notices(departed) == []
    deletion = account(departed).delete_at
    await after(departed, 3 * A_MOMENT)
    (mail,) = notices(departed)
    assert (mail.recipient, mail.copies) == (HOME, (OFFICE,))
    assert deletion is not None
    for value in ("Maria Rossi", departed.account().found.address, f"{deletion:%Y-%m-%d}", departed.tenant.name):
        assert value in mail.text
    assert not departed.account().found.deleted
    await after(departed, AHEAD)
    assert departed.account().found.deleted
    assert len(notices(departed)) == 1


async def test_where_the_deletion_is_sooner_it_is_announced_at_once(enrolled: School) -> None:
    enrolled.configure(deletion=announced(days=40))
    enrolled.depart(version=2)
    await after(enrolled, A_MOMENT)
    assert len(notices(enrolled)) == 1
    assert enrolled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_readers_are_left_a_day_at_the_least(enrolled: School) -> None:
    enrolled.configure(deletion=announced().model_copy(update={"grace": 0.1}))
    enrolled.depart(version=2)
    await after(enrolled, LEAD - A_MOMENT)
    (mail,) = notices(enrolled)
    assert not enrolled.account().found.deleted
    first, put_off = [
        one["delete_at"] for one in enrolled.outcomes("AccountChanged") if one["change"] == "deletion_scheduled"
    ]
    assert datetime.fromisoformat(put_off) > datetime.fromisoformat(first)
    assert put_off[:10] in mail.text
    await after(enrolled, 5 * A_MOMENT)
    assert enrolled.account().found.deleted


async def test_a_repeat_of_the_status_leaves_them_that_day(enrolled: School) -> None:
    enrolled.configure(deletion=announced().model_copy(update={"grace": 0.1}))
    enrolled.depart(version=2)
    await after(enrolled, LEAD / 2)
    enrolled.depart(version=3)
    await after(enrolled, LEAD / 2 - 10 * A_MOMENT)
    assert not enrolled.account().found.deleted


async def test_without_a_notice_no_one_is_written_to(enrolled: School) -> None:
    enrolled.depart(version=2)
    await after(enrolled, GRACE + A_MOMENT)
    assert enrolled.account().found.deleted
    assert notices(enrolled) == []


async def test_the_office_alone_is_written_to_in_the_tenants_first_language(enrolled: School) -> None:
    enrolled.configure(deletion=announced(student=False, office=[OFFICE, "it@school.example"], languages=["el", "en"]))
    enrolled.depart(version=2, preferred_language="en")
    await after(enrolled, GRACE)
    (mail,) = notices(enrolled)
    assert (mail.recipient, mail.copies) == (OFFICE, ("it@school.example",))
    assert "διαγραφεί" in mail.text


async def test_a_deletion_that_is_cancelled_before_is_not_announced(departed: School) -> None:
    departed.withdraw(version=3)
    await after(departed, GRACE)
    assert notices(departed) == []
    assert account(departed).notice_at is None


async def test_one_that_is_asked_for_anew_after_it_was_cancelled_is_announced_anew(departed: School) -> None:
    await after(departed, GRACE - A_MOMENT)
    departed.enrol(version=3)
    await departed.work()
    departed.depart(version=4)
    await after(departed, GRACE - A_MOMENT)
    assert len(notices(departed)) == 2
    assert not departed.account().found.deleted


async def test_one_that_moves_to_another_day_is_announced_anew(departed: School) -> None:
    await after(departed, GRACE - A_MOMENT)
    departed.depart(version=3, attributes={"leaves_on": "2026-12-31"})
    await after(departed, timedelta(days=200))
    assert [mail.text.count("2027-01-01") for mail in notices(departed)] == [0, 1]
    assert departed.account().found.deleted


async def test_a_repeat_of_the_same_date_is_not_announced_again(departed: School) -> None:
    await after(departed, GRACE - A_MOMENT)
    departed.depart(version=3)
    await after(departed, 3 * A_MOMENT)
    assert len(notices(departed)) == 1
    assert departed.account().found.deleted


async def test_an_unavailable_mail_service_delays_the_deletion_and_says_so(departed: School) -> None:
    departed.mailer.next_sends(unreachable(), unreachable())
    await later(departed, GRACE - AHEAD + A_MOMENT)
    await later(departed, AHEAD + timedelta(days=10))
    assert not departed.account().found.deleted
    assert ("notice", Reason.PROVIDER_UNAVAILABLE, False) in failures(departed)
    wait = departed.ledger.student(TENANT, "S1").known.waits[Provider.MICROSOFT, StepName.NOTICE]
    assert wait.reason is Reason.PROVIDER_UNAVAILABLE
    await after(departed, LEAD)
    (mail,) = notices(departed)
    deletion = account(departed).delete_at
    assert deletion is not None
    assert f"{deletion:%Y-%m-%d}" in mail.text
    assert not departed.account().found.deleted
    await after(departed, LEAD)
    assert departed.account().found.deleted


async def test_a_mail_service_that_asks_for_a_pause_gets_it(departed: School) -> None:
    departed.mailer.next_sends(throttled(600))
    await after(departed, GRACE - AHEAD + timedelta(seconds=300))
    assert len(departed.mailer.attempts) == 1
    await after(departed, timedelta(seconds=600))
    assert len(notices(departed)) == 1


async def test_a_suspension_does_not_wait_for_the_mail_service(enrolled: School) -> None:
    enrolled.configure(deletion=announced(days=40))
    enrolled.mailer.next_sends(unreachable())
    enrolled.depart(version=2)
    await enrolled.work()
    assert not enrolled.account().found.enabled
    assert enrolled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


@pytest.mark.parametrize("contact", [None, "maria@students.north-high.example", "maria@home.example,"])
async def test_a_student_who_cannot_be_written_to_is_deleted_all_the_same_and_that_is_reported(
    enrolled: School, contact: str | None
) -> None:
    enrolled.configure(deletion=announced())
    enrolled.depart(version=2, contact_email=contact)
    await after(enrolled, GRACE + A_MOMENT)
    assert failures(enrolled) == [("notice", Reason.NO_CONTACT_ADDRESS, True)]
    assert enrolled.mailer.attempts[1:] == []
    assert enrolled.account().found.deleted
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert failure["action"] == "delete_account"


async def test_the_office_is_written_to_where_the_student_cannot_be(departed: School) -> None:
    departed.depart(version=3, contact_email=None)
    await after(departed, GRACE + A_MOMENT)
    (mail,) = notices(departed)
    assert mail.recipient == OFFICE
    assert failures(departed) == [("notice", Reason.NO_CONTACT_ADDRESS, True)]
    assert departed.account().found.deleted


async def test_and_where_the_mail_service_refuses_the_students_address(departed: School) -> None:
    departed.mailer.next_sends(refused())
    await after(departed, GRACE + A_MOMENT)
    assert [mail.recipient for mail in departed.mailer.attempts] == [HOME, OFFICE]
    assert failures(departed) == [("notice", Reason.NO_CONTACT_ADDRESS, True)]
    assert departed.account().found.deleted


async def test_a_refused_address_alone_does_not_keep_the_account(enrolled: School) -> None:
    enrolled.configure(deletion=announced())
    enrolled.depart(version=2)
    await enrolled.work()
    enrolled.mailer.next_sends(refused())
    await after(enrolled, GRACE + A_MOMENT)
    assert failures(enrolled) == [("notice", Reason.NO_CONTACT_ADDRESS, True)]
    assert enrolled.account().found.deleted


async def test_an_address_that_comes_later_is_written_to(enrolled: School) -> None:
    enrolled.configure(deletion=announced())
    enrolled.depart(version=2, contact_email=None)
    await after(enrolled, GRACE - AHEAD + A_MOMENT)
    enrolled.depart(version=3)
    await after(enrolled, A_MOMENT)
    (mail,) = notices(enrolled)
    assert mail.recipient == HOME


async def test_a_refused_address_of_the_office_waits_for_a_person_and_the_account_stays(enrolled: School) -> None:
    enrolled.configure(deletion=announced(student=False, office=[OFFICE]))
    enrolled.depart(version=2)
    await enrolled.work()
    enrolled.mailer.next_sends(refused(), refused())
    await later(enrolled, GRACE - AHEAD + A_MOMENT)
    await later(enrolled, AHEAD)
    assert not enrolled.account().found.deleted
    assert failures(enrolled) == [("notice", Reason.MAIL_REFUSED, False)]


@pytest.mark.parametrize("mishap", [lost_response(), error_but_sent()])
async def test_a_mail_whose_answer_was_lost_is_found_and_not_sent_again(departed: School, mishap: Mishap) -> None:
    departed.mailer.next_sends(mishap)
    await after(departed, GRACE + A_MOMENT)
    assert len(departed.mailer.attempts) == 1
    assert departed.account().found.deleted


async def test_it_is_not_looked_up_before_its_outcome_can_be_known(departed: School) -> None:
    departed.mailer.next_sends(lost_response())
    await after(departed, GRACE - AHEAD + timedelta(seconds=HOLD_DOWN - 60))
    assert departed.mailer.look_ups == []
    await after(departed, timedelta(seconds=300))
    assert len(departed.mailer.look_ups) == 1


async def test_a_lost_mail_is_sent_again(departed: School) -> None:
    departed.mailer.next_sends(lost_request())
    await after(departed, GRACE + A_MOMENT)
    assert len(departed.mailer.attempts) == 2
    assert len(notices(departed)) == 1
    assert departed.account().found.deleted


async def test_what_became_of_a_mail_of_unknown_outcome_counts_for_its_own_appointment_alone(departed: School) -> None:
    departed.mailer.next_sends(lost_response())
    await after(departed, GRACE - AHEAD + A_MOMENT)
    departed.withdraw(version=3)
    await departed.work()
    departed.depart(version=4)
    await departed.work()
    step = departed.ledger.student(TENANT, "S1").known.steps[Provider.MICROSOFT, StepName.NOTICE]
    assert step.state is StepState.RETRYABLE
    await after(departed, GRACE)
    assert len(notices(departed)) == 2


async def test_a_notice_that_is_configured_later_is_sent_before_the_deletion(enrolled: School) -> None:
    enrolled.depart(version=2)
    await enrolled.work()
    enrolled.configure(deletion=announced())
    await after(enrolled, GRACE + A_MOMENT)
    assert len(notices(enrolled)) == 1
    assert not enrolled.account().found.deleted
    await after(enrolled, LEAD)
    assert enrolled.account().found.deleted


async def test_one_that_is_configured_no_more_is_not_sent(departed: School) -> None:
    departed.configure(deletion=Deletion())
    await after(departed, GRACE + A_MOMENT)
    assert notices(departed) == []
    assert departed.account().found.deleted


async def test_a_template_that_cannot_be_rendered_waits_for_a_person(departed: School) -> None:
    departed.configure(deletion=announced(template="not-written-yet"))
    await later(departed, GRACE - AHEAD + A_MOMENT)
    await later(departed, AHEAD)
    assert failures(departed) == [("notice", Reason.TENANT_UNUSABLE, False)]
    assert not departed.account().found.deleted


async def test_no_failure_tells_an_address(departed: School) -> None:
    departed.mailer.next_sends(Mishap(sent=False, fault=GiveUp("Refused.", reason=Reason.MAIL_REFUSED)))
    await after(departed, GRACE)
    assert all("@" not in one["message"] for one in departed.outcomes("AccountProvisioningFailed"))


async def test_a_crash_while_the_mail_is_sent_is_looked_after(departed: School) -> None:
    departed.now += GRACE - AHEAD + A_MOMENT
    (job,) = await departed.claim()
    begun = BeginStep(Provider.MICROSOFT, StepName.NOTICE, 2, b"", timeout=30)
    await departed.ledger.commit(job.lease, [begun])  # by a process that dies
    departed.now += timedelta(seconds=61)
    await after(departed, AHEAD)
    assert len(departed.mailer.look_ups) == 1
    assert len(notices(departed)) == 1
