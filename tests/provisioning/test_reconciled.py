"""A settled student whose account a reconciliation found changed by people: it is looked at again, and set right."""

from dataclasses import replace

import pytest

from consumer.events import Provider
from tests.provisioning.conftest import TENANT, School


def look_again(school: School) -> None:
    school.ledger.look_again(TENANT, "S1")


async def repaired(school: School) -> None:
    """The repair, whose changes have their second look."""
    school.directory.calls.clear()
    look_again(school)
    await school.work_until_settled()
    assert not any(account.revisit for account in school.ledger.student(TENANT, "S1").known.accounts.values())


@pytest.fixture
async def settled(school: School) -> School:
    """A student with an account."""
    school.enrol()
    await school.work_until_settled()
    return school


@pytest.fixture
async def suspended(settled: School) -> School:
    """A student who has left."""
    settled.suspend(version=2)
    await settled.work_until_settled()
    return settled


async def test_an_account_as_we_left_it_is_not_written_to(settled: School) -> None:
    await repaired(settled)
    assert settled.directory.writes == []


async def test_a_deleted_account_is_restored_with_what_it_had(settled: School) -> None:
    account = settled.account()
    licences, groups = list(account.licences), list(account.groups)
    account.delete()
    account.licences.clear()
    account.groups.clear()
    await repaired(settled)
    assert (account.found.deleted, account.licences, account.groups) == (False, licences, groups)


async def test_licences_and_groups_are_given_again(settled: School) -> None:
    account = settled.account()
    licences, groups = list(account.licences), list(account.groups)
    account.licences.clear()
    account.groups.clear()
    await repaired(settled)
    assert (account.licences, account.groups) == (licences, groups)


async def test_nothing_is_announced_or_mailed_again(settled: School) -> None:
    settled.account().delete()
    outcomes, mails = len(settled.ledger.outcomes()), len(settled.mailer.mailbox)
    await repaired(settled)
    assert (len(settled.ledger.outcomes()), len(settled.mailer.mailbox)) == (outcomes, mails)


async def test_a_suspended_account_that_people_opened_is_suspended_again(suspended: School) -> None:
    suspended.account().unblock()
    outcomes = len(suspended.ledger.outcomes())
    await repaired(suspended)
    assert not suspended.account().found.enabled
    assert suspended.directory.writes[0] == "suspend"
    assert len(suspended.ledger.outcomes()) == outcomes


async def test_a_suspension_that_replicas_do_not_show_yet_is_not_repeated(suspended: School) -> None:
    suspended.account().unblock()
    look_again(suspended)
    suspended.directory.next_calls("suspend", None)
    await suspended.work()
    await suspended.work_until_settled()
    assert suspended.directory.writes.count("suspend") == 2  # the first one, and the repair


async def test_an_account_that_was_moved_comes_back() -> None:
    school = School(Provider.GOOGLE)
    school.enrol()
    await school.work_until_settled()
    (account,) = school.directory.accounts.values()
    account.found = replace(account.found, org_unit="/Elsewhere")
    await repaired(school)
    assert account.found.org_unit == "/"


async def test_an_account_that_was_not_moved_is_not_moved() -> None:
    school = School(Provider.GOOGLE)
    school.enrol()
    await school.work_until_settled()
    await repaired(school)
    assert "move" not in school.directory.writes


async def test_a_newer_event_meanwhile_takes_precedence(settled: School) -> None:
    settled.account().delete()
    look_again(settled)
    settled.suspend(version=2)
    await settled.work_until_settled()
    assert "restore" not in settled.directory.writes
