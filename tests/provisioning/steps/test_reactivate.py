"""A student comes back: an account that this service has suspended is opened again, and no other."""

import pytest

from consumer.errors import Unavailable
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mishaps import lost_answer, lost_request, refused
from tests.provisioning.conftest import School


@pytest.fixture
async def suspended(enrolled: School) -> School:
    """A student whose account this service has suspended."""
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    enrolled.directory.calls.clear()
    return enrolled


async def test_the_account_is_opened_and_announced_and_no_second_mail_is_sent(suspended: School) -> None:
    suspended.enrol(version=3)
    await suspended.work_until_settled()
    assert suspended.account().found.enabled
    assert suspended.directory.writes == ["reactivate"]
    assert suspended.changes() == ["suspended", "reactivated"]
    assert [one["cause"]["version"] for one in suspended.outcomes("AccountProvisioned")] == [1, 3]
    assert len(suspended.mailer.mailbox) == 1


async def test_a_reactivation_is_seen_before_it_is_announced(suspended: School) -> None:
    suspended.directory.next_calls("read", None, None, refused(Unavailable("Try again.")))
    suspended.enrol(version=3)
    await suspended.work()
    assert suspended.changes() == ["suspended"]
    await suspended.work_until_settled()
    assert suspended.changes() == ["suspended", "reactivated"]
    assert suspended.directory.writes == ["reactivate"]


async def test_a_crash_in_the_middle_is_gone_on_from(suspended: School) -> None:
    suspended.enrol(version=3)
    await suspended.die_in("reactivate")
    await suspended.work_until_settled()
    assert suspended.account().found.enabled
    assert suspended.changes() == ["suspended", "reactivated"]


async def test_an_account_that_was_deleted_meanwhile_is_restored_and_opened(suspended: School) -> None:
    suspended.account().delete()
    suspended.enrol(version=3)
    await suspended.work_until_settled()
    assert suspended.directory.writes[:2] == ["restore", "reactivate"]
    assert suspended.account().found.enabled


async def test_a_suspension_that_is_carried_out_late_is_undone_by_the_verification(school: School) -> None:
    school.enrol()
    await school.work_until_settled()
    school.directory.next_calls("suspend", lost_request())
    school.suspend(version=2)
    await school.work()
    school.enrol(version=3)
    await school.work()
    school.account().block()
    await school.work_until_settled()
    assert school.account().found.enabled


async def test_a_suspension_is_not_reported_while_an_earlier_reactivation_may_be_carried_out(suspended: School) -> None:
    suspended.directory.next_calls("reactivate", lost_request())
    suspended.enrol(version=3)
    await suspended.work()
    suspended.suspend(version=4)
    await suspended.work()
    assert not suspended.account().found.enabled
    assert suspended.changes() == ["suspended"]
    suspended.account().unblock()
    await suspended.work_until_settled()
    assert not suspended.account().found.enabled
    assert suspended.changes() == ["suspended", "suspended"]


async def test_a_lost_answer_of_a_superseded_suspension_is_repaired(school: School) -> None:
    school.enrol()
    await school.work_until_settled()
    school.directory.next_calls("suspend", lost_answer())
    school.suspend(version=2)
    await school.work()
    school.enrol(version=3)
    await school.work_until_settled()
    assert school.account().found.enabled
    assert school.ledger.dispositions()["S1/2"] is Disposition.SUPERSEDED


async def test_who_comes_and_goes_ends_as_the_newest_event_says(school: School) -> None:
    for version in range(1, 12, 2):
        school.enrol(version=version)
        school.suspend(version=version + 1)
        await school.work()
    await school.work_until_settled()
    assert not any(account.found.enabled for account in school.directory.accounts.values())
