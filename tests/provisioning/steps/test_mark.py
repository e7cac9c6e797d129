"""Accounts that an earlier version marked with the bare student number get the marker of today, where the ledger knows them."""

from dataclasses import replace

from consumer.errors import Reason
from consumer.events import Origin, Provider
from consumer.policy.marker import marker
from tests.provisioning.conftest import TENANT, School

MARK = marker(Provider.MICROSOFT, TENANT, "S1")


async def marked_by_an_earlier_version(school: School, *, origin: Origin) -> None:
    """A student whose account is known to the ledger and carries the bare number, at the provider and in the ledger."""
    school.enrol()
    await school.work()
    account = school.account()
    account.found = replace(account.found, marker="S1")
    row = school.ledger.student(TENANT, "S1")
    known = row.known.accounts[Provider.MICROSOFT]
    row.known = replace(row.known, accounts={Provider.MICROSOFT: replace(known, marker="S1", origin=origin)})
    school.directory.calls.clear()


async def test_an_account_that_the_ledger_knows_is_marked_anew(school: School) -> None:
    await marked_by_an_earlier_version(school, origin=Origin.CREATED)
    school.enrol(version=2)
    await school.work()
    assert school.directory.writes == ["mark"]
    assert school.account().found.marker == MARK
    assert school.ledger.student(TENANT, "S1").known.accounts[Provider.MICROSOFT].marker == MARK


async def test_an_account_that_was_only_found_by_its_number_waits_for_a_person(school: School) -> None:
    await marked_by_an_earlier_version(school, origin=Origin.ADOPTED)
    school.enrol(version=2)
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert failure["reason"] == Reason.ACCOUNT_CONFLICT
    assert school.directory.writes == []


async def test_an_account_with_the_marker_of_today_is_not_marked_again(school: School) -> None:
    school.enrol()
    await school.work()
    school.enrol(version=2)
    await school.work()
    assert "mark" not in school.directory.calls
