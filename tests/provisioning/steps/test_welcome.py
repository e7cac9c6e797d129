"""The welcome mail: at most one with a password that works."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consumer.errors import Reason
from consumer.events import StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.vault import Vault
from testbed.fakes.mailer import error_but_sent, lost_request, lost_response, refused, unreachable
from testbed.fakes.mishaps import lost_answer as lost_reset
from tests.provisioning.conftest import HOLD_DOWN, School

HOME = "maria@home.example"


async def test_a_new_student_is_written_to_once_with_the_credentials(school: School) -> None:
    school.enrol()
    await school.work()
    (mail,) = school.mailer.to(HOME)
    assert school.account().password in mail.text
    assert school.account().found.address in mail.text
    (status,) = school.outcomes("WelcomeEmailStatus")
    assert (status["state"], status["message_id"]) == ("accepted", mail.message_id)


async def test_the_sealed_password_is_destroyed_when_the_mail_is_accepted(school: School) -> None:
    school.enrol()
    await school.work()
    assert school.ledger.student("north-high", "S1").known.credentials == {}


async def test_a_newer_event_writes_no_second_mail(school: School) -> None:
    school.enrol()
    await school.work()
    school.enrol(version=2)
    await school.work()
    assert len(school.mailer.mailbox) == 1


async def test_a_tenant_that_wants_no_mail_sends_none_and_says_so(school: School) -> None:
    school.tenant = school.tenant.model_copy(
        update={"welcome_email": school.tenant.welcome_email.model_copy(update={"enabled": False})}
    )
    school.enrol()
    await school.work()
    assert school.mailer.attempts == []
    assert [one["state"] for one in school.outcomes("WelcomeEmailStatus")] == ["not_wanted"]


async def test_a_student_without_contact_address_has_the_account_and_no_mail(school: School) -> None:
    school.enrol(contact_email=None)
    await school.work()
    (status,) = school.outcomes("WelcomeEmailStatus")
    assert (status["state"], status["reason"]) == ("failed", Reason.NO_CONTACT_ADDRESS)
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


@pytest.mark.parametrize(
    ("contact", "wrong"),
    [
        (None, "has no contact address"),
        ("maria@home.example,", "has a comma"),
        ("mailto:maria@home.example", "begins with `mailto:`"),
        ("maria@students.north-high.example", "in a domain whose accounts this service creates"),
    ],
)
async def test_what_is_wrong_with_a_contact_address_is_published(
    school: School, contact: str | None, wrong: str
) -> None:
    school.enrol(contact_email=contact)
    await school.work()
    (status,) = school.outcomes("WelcomeEmailStatus")
    assert status["reason"] == Reason.NO_CONTACT_ADDRESS
    assert wrong in status["message"]
    assert school.mailer.attempts == []


async def test_a_contact_address_that_comes_later_is_written_to(school: School) -> None:
    school.enrol(contact_email=None)
    await school.work()
    school.enrol(version=2)
    await school.work()
    assert school.account().password in school.mailer.to(HOME)[0].text


async def test_a_mail_service_that_is_unavailable_is_waited_for(school: School) -> None:
    school.mailer.next_sends(unreachable(), unreachable())
    school.enrol()
    await school.work_until_settled()
    (mail,) = school.mailer.to(HOME)
    assert school.account().password in mail.text


async def test_where_the_mail_service_is_unavailable_for_days_the_password_is_replaced_and_mailed(
    school: School,
) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    expired = school.account().password
    school.now += timedelta(hours=73)
    await school.work()
    (mail,) = school.mailer.to(HOME)
    assert school.account().password in mail.text
    assert school.account().password != expired
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_a_mail_that_waited_is_not_sent_where_the_password_was_replaced_meanwhile(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.account().used = True
    school.now += timedelta(seconds=60)
    await school.work()
    assert school.mailer.mailbox == []
    (status,) = school.outcomes("WelcomeEmailStatus")
    assert (status["state"], status["reason"]) == ("failed", Reason.CREDENTIAL_REPLACED)
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_a_ledger_that_has_forgotten_an_accepted_mail_says_nothing_new_about_it(school: School) -> None:
    school.enrol()
    await school.work()
    (accepted,) = school.outcomes("WelcomeEmailStatus")
    school.forget()
    school.enrol()
    await school.work()
    (restored,) = school.outcomes("WelcomeEmailStatus")
    assert (accepted["state"], restored["state"]) == ("accepted", "not_wanted")
    assert restored["event_id"] == accepted["event_id"]
    assert len(school.mailer.mailbox) == 1


async def test_a_mail_that_a_restored_ledger_has_forgotten_is_found_and_not_sent_again(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    row = school.ledger.student("north-high", "S1")
    before = row.known
    await school.work_until_settled()
    school.forget()
    school.enrol()
    restored = school.ledger.student("north-high", "S1")
    steps = {at: step for at, step in before.steps.items() if at[1] is not StepName.WELCOME}
    restored.known = replace(before, accounts=row.known.accounts, steps=steps, written_by={}, waits={})
    await school.work_until_settled()
    assert len(school.mailer.mailbox) == 1
    assert [one["state"] for one in school.outcomes("WelcomeEmailStatus")] == ["accepted"]


async def test_a_mail_that_is_sent_at_once_costs_no_look_at_the_password(school: School) -> None:
    school.enrol()
    await school.work()
    assert "was_used" not in school.directory.calls


async def test_a_password_whose_key_is_missing_waits_for_a_person_and_goes_out_when_the_key_is_back(
    school: School,
) -> None:
    whole = school.vault
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.vault = Vault([("another", bytes(range(32)))])
    school.now += timedelta(seconds=60)
    await school.work()
    assert [one["reason"] for one in school.outcomes("WelcomeEmailStatus")] == [Reason.CREDENTIAL_UNREADABLE]
    assert school.ledger.dispositions() == {"S1/1": Disposition.PENDING}
    school.vault = whole
    await school.work_until_settled()
    (mail,) = school.mailer.to(HOME)
    assert school.account().password in mail.text
    assert "replace_password" not in school.directory.calls


async def test_a_password_that_expired_is_not_replaced_where_someone_uses_the_account(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.account().used = True
    school.now += timedelta(hours=73)
    await school.work()
    assert "replace_password" not in school.directory.calls
    assert [one["reason"] for one in school.outcomes("WelcomeEmailStatus")] == [Reason.CREDENTIAL_EXPIRED]
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_where_no_one_can_tell_an_expired_password_waits_for_a_person(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.account().used = None
    school.now += timedelta(hours=73)
    await school.work()
    assert "replace_password" not in school.directory.calls
    assert [one["reason"] for one in school.outcomes("WelcomeEmailStatus")] == [Reason.CREDENTIAL_EXPIRED]
    assert school.ledger.dispositions() == {"S1/1": Disposition.PENDING}


async def test_nobodys_password_is_replaced_for_a_mail_that_cannot_be_sent(school: School) -> None:
    school.enrol(contact_email=None)
    await school.work()
    school.now += timedelta(hours=73)
    school.enrol(version=2, contact_email=None)
    await school.work()
    assert "replace_password" not in school.directory.calls


async def test_a_contact_address_that_comes_after_the_password_has_expired_is_written_to(school: School) -> None:
    school.enrol(contact_email=None)
    await school.work()
    school.now += timedelta(hours=73)
    school.enrol(version=2)
    await school.work()
    assert school.account().password in school.mailer.to(HOME)[0].text


async def test_a_mail_that_is_refused_for_good_does_not_fail_the_account(school: School) -> None:
    school.mailer.next_sends(refused())
    school.enrol()
    await school.work()
    assert [one["reason"] for one in school.outcomes("WelcomeEmailStatus")] == [Reason.MAIL_REFUSED]
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_a_mail_that_may_have_gone_is_not_sent_again_before_it_can_be_known(school: School) -> None:
    school.mailer.next_sends(lost_response())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=HOLD_DOWN - 60)
    await school.work()
    assert len(school.mailer.attempts) == 1
    assert school.mailer.look_ups == []


async def test_a_mail_that_had_gone_is_found_and_settled() -> None:
    for mishap in (lost_response(), error_but_sent()):
        one = School()
        one.mailer.next_sends(mishap)
        one.enrol()
        await one.work_until_settled()
        assert len(one.mailer.mailbox) == 1
        assert [status["state"] for status in one.outcomes("WelcomeEmailStatus")] == ["delayed", "accepted"]


async def test_a_mail_that_is_lost_is_followed_by_one_with_another_password(school: School) -> None:
    school.mailer.next_sends(lost_request())
    school.enrol()
    await school.work_until_settled()
    first, second = school.mailer.attempts
    assert first.message_id != second.message_id
    assert school.account().password in second.text
    assert school.account().password not in first.text
    assert len(school.mailer.mailbox) == 1


async def test_a_lost_mail_that_turns_up_late_opens_nothing(school: School) -> None:
    school.mailer.index_lag = 10 * HOLD_DOWN
    school.mailer.next_sends(lost_response())
    school.enrol()
    await school.work_until_settled()
    mails = [mail for mail in school.mailer.to(HOME) if school.account().password in mail.text]
    assert len(school.mailer.mailbox) == 2
    assert len(mails) == 1


async def test_a_password_that_someone_uses_is_never_replaced(school: School) -> None:
    school.mailer.next_sends(lost_request())
    school.enrol()
    await school.work()
    password = school.account().password
    school.account().used = True
    school.now += timedelta(seconds=HOLD_DOWN + 60)
    await school.work()
    assert school.account().password == password
    assert len(school.mailer.attempts) == 1


async def test_a_delayed_mail_that_must_be_handed_over_by_a_person_is_reported_as_failed_once(school: School) -> None:
    school.mailer.next_sends(lost_request())
    school.enrol()
    await school.work()
    school.account().used = True
    for seconds in (60, HOLD_DOWN, 2 * HOLD_DOWN, 4 * HOLD_DOWN):
        school.now += timedelta(seconds=seconds)
        await school.work()
    reported = [(one["state"], one["reason"]) for one in school.outcomes("WelcomeEmailStatus")]
    assert reported == [("delayed", Reason.OUTCOME_UNKNOWN), ("failed", Reason.OUTCOME_UNKNOWN)]


async def test_where_no_one_can_tell_whether_it_is_used_the_password_stays(school: School) -> None:
    school.mailer.next_sends(lost_request())
    school.enrol()
    await school.work()
    school.account().used = None
    school.now += timedelta(seconds=HOLD_DOWN + 60)
    await school.work()
    assert "replace_password" not in school.directory.calls


async def test_a_replacement_whose_answer_was_lost_is_made_again_with_the_same_password(school: School) -> None:
    school.mailer.next_sends(lost_request())
    school.directory.next_calls("replace_password", lost_reset())
    school.enrol()
    await school.work_until_settled()
    assert school.directory.calls.count("replace_password") == 2
    (mail,) = school.mailer.to(HOME)
    assert school.account().password in mail.text


async def test_a_restored_ledger_writes_no_second_mail_and_tells_nothing_that_is_not_reported_already(
    school: School,
) -> None:
    school.enrol()
    await school.work()
    reported = {one.event_id for one in school.ledger.outcomes()}
    school.forget()
    school.enrol()
    await school.work_until_settled()
    assert len(school.mailer.mailbox) == 1
    assert {one.event_id for one in school.ledger.outcomes()} == reported
