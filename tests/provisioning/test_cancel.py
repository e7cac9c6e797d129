"""A newer event that asks for nothing: what its student still waited for is not begun any more."""

from datetime import timedelta

from consumer.errors import Unavailable
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import lost_answer, refused, throttled
from tests.provisioning.conftest import TENANT, VERIFY_AFTER, School


async def test_a_creation_that_waits_is_not_made_any_more(school: School) -> None:
    school.directory.next_calls("create", throttled(3_600))
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work_until_settled()
    assert school.directory.accounts == {}
    assert school.mailer.attempts == []
    assert school.ledger.dispositions() == {"S1/1": Disposition.SUPERSEDED, "S1/2": Disposition.APPLIED}


async def test_a_mail_that_waits_is_not_sent_any_more_and_its_password_is_destroyed(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work_until_settled()
    assert school.mailer.mailbox == []
    assert school.ledger.student(TENANT, "S1").known.credentials == {}


async def test_a_grant_that_waits_is_not_given_any_more(school: School) -> None:
    school.directory.next_calls("assign_licences", refused(Unavailable("Out of order.")))
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work_until_settled()
    assert school.account().licences == []


async def test_no_step_is_begun_for_an_event_that_was_cancelled_while_it_was_in_work(school: School) -> None:
    school.enrol()
    (job,) = await school.claim()
    school.withdraw(version=2)
    await school.worker().work(job)
    await school.work_until_settled()
    assert "create" not in school.directory.calls


async def test_an_account_that_turns_up_late_is_noted_and_given_nothing(school: School) -> None:
    school.directory.next_calls("create", lost_answer())
    school.directory.hides_new_accounts = True
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work()
    school.account().hidden = False
    school.now += timedelta(seconds=VERIFY_AFTER + 1)
    await school.work()
    assert (school.account().licences, school.account().groups) == ([], [])
    assert school.mailer.attempts == []
    assert school.outcomes("AccountProvisioned") == []
    assert await school.seconds_to_next() is None


async def test_who_enrols_again_gets_the_account_and_a_mail_that_opens_it(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work_until_settled()
    school.enrol(version=3)
    await school.work_until_settled()
    (mail,) = school.mailer.to("maria@home.example")
    assert school.account().password in mail.text
