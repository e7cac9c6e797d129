"""An account that people changed, disabled or deleted by hand, and a newer event that wants it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from consumer.errors import Reason
from consumer.ledger.port.inbox import Disposition
from tests.provisioning.conftest import REPORT_AFTER, School


def reported(school: School) -> list[tuple[str, str, bool]]:
    return [(one["step"], one["reason"], one["final"]) for one in school.outcomes("AccountProvisioningFailed")]


@pytest.fixture
async def settled(school: School) -> School:
    """A student with an account, of whom a newer event comes."""
    school.enrol()
    await school.work_until_settled()
    school.enrol(version=2)
    return school


async def test_an_account_as_we_left_it_is_looked_at_and_not_written_to(settled: School) -> None:
    settled.directory.calls.clear()
    await settled.work_until_settled()
    assert settled.directory.calls == ["read", "groups_of"]
    assert settled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_a_new_student_costs_no_look(school: School) -> None:
    school.enrol()
    await school.work_until_settled()
    assert not {"read", "groups_of"} & set(school.directory.calls)


async def test_licences_and_groups_that_were_taken_by_hand_are_given_again(settled: School) -> None:
    account = settled.account()
    licences, groups = list(account.licences), list(account.groups)
    account.licences.clear()
    account.groups.clear()
    await settled.work_until_settled()
    assert (account.licences, account.groups) == (licences, groups)
    assert settled.outcomes("AccountProvisioned")[-1]["groups"] == groups


async def test_a_group_that_was_taken_by_hand_and_is_not_given_any_more_is_not_reported(school: School) -> None:
    school.enrol(attributes={"grade": "8"})
    await school.work_until_settled()
    school.account().groups.clear()
    school.enrol(version=2, attributes={"grade": "9"})
    await school.work_until_settled()
    assert school.outcomes("AccountProvisioned")[-1]["groups"] == []


async def test_a_disabled_account_waits_for_who_disabled_it_and_is_not_announced(settled: School) -> None:
    settled.account().block()
    await settled.work()
    assert reported(settled) == [("create", Reason.ACCOUNT_DISABLED, False)]
    assert len(settled.outcomes("AccountProvisioned")) == 1
    settled.account().unblock()
    await settled.work_until_settled()
    assert len(settled.outcomes("AccountProvisioned")) == 2


async def test_a_deleted_account_is_restored(settled: School) -> None:
    account = settled.account()
    account.found = replace(account.found, deleted=True)
    await settled.work_until_settled()
    assert not account.found.deleted
    assert settled.directory.calls.count("create") == 1
    assert settled.outcomes("AccountProvisioned")[-1]["account"]["origin"] == "restored"


async def test_a_deleted_account_that_was_disabled_too_is_restored_and_announced_when_it_is_enabled(
    settled: School,
) -> None:
    account = settled.account()
    account.block()
    account.found = replace(account.found, deleted=True)
    await settled.work()
    assert reported(settled) == [("create", Reason.ACCOUNT_DISABLED, False)]
    assert len(settled.outcomes("AccountProvisioned")) == 1
    account.unblock()
    await settled.work_until_settled()
    assert settled.outcomes("AccountProvisioned")[-1]["account"]["origin"] == "restored"


async def test_a_restoration_that_was_interrupted_is_finished(settled: School) -> None:
    account = settled.account()
    account.found = replace(account.found, deleted=True)
    await settled.die_in("restore")
    await settled.work_until_settled()
    assert settled.directory.calls.count("create") == 1
    assert settled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_an_account_that_is_gone_waits_for_a_person(settled: School) -> None:
    settled.directory.accounts.clear()
    await settled.work_until_settled(days=1)
    assert reported(settled) == [("create", Reason.ACCOUNT_MISSING, False)]
    assert settled.directory.calls.count("create") == 1


async def test_an_account_that_a_replica_does_not_show_for_a_moment_is_nobodys_trouble(settled: School) -> None:
    settled.account().hidden = True
    await settled.work()
    settled.account().hidden = False
    settled.now += timedelta(seconds=REPORT_AFTER / 3)
    await settled.work_until_settled()
    assert reported(settled) == []
    assert settled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_an_account_that_bears_another_students_marker_waits_for_a_person(settled: School) -> None:
    account = settled.account()
    account.found = replace(account.found, marker="~SOMEBODYELSE234")
    await settled.work()
    assert reported(settled) == [("create", Reason.ACCOUNT_CONFLICT, False)]


async def test_a_withdrawal_ends_the_wait_for_a_disabled_account(settled: School) -> None:
    settled.account().block()
    await settled.work()
    settled.withdraw(version=3)
    await settled.work_until_settled()
    assert settled.ledger.dispositions()["S1/2"] is Disposition.SUPERSEDED
    assert await settled.seconds_to_next() is None
