"""An event that updates: what there is of an account is brought up to date, and none is made."""

from consumer.errors import Reason
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mishaps import lost_request
from tests.provisioning.conftest import MARK, School


def versions(school: School) -> list[int]:
    return [one["cause"]["version"] for one in school.outcomes("AccountProvisioned")]


async def test_a_student_without_an_account_gets_none_and_nothing_is_published(school: School) -> None:
    school.update(version=1)
    await school.work_until_settled()
    assert school.directory.accounts == {}
    assert school.directory.writes == []
    assert school.ledger.outcomes() == []
    assert school.ledger.dispositions()["S1/1"] is Disposition.APPLIED


async def test_an_existing_account_gets_what_the_rules_give_now_and_is_announced(enrolled: School) -> None:
    enrolled.update(version=2, attributes={"grade": "8"})
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []
    assert versions(enrolled) == [1, 2]
    assert len(enrolled.mailer.mailbox) == 1


async def test_what_people_have_taken_is_given_again(enrolled: School) -> None:
    enrolled.account().licences.clear()
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == ["assign_licences"]
    assert versions(enrolled) == [1, 2]


async def test_an_account_that_the_ledger_does_not_know_is_found_by_its_marker(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", MARK)
    school.update(version=1)
    await school.work_until_settled()
    assert "create" not in school.directory.calls
    assert school.outcomes("AccountProvisioned")[0]["account"]["origin"] == "adopted"


async def test_a_suspended_account_is_opened_again(enrolled: School) -> None:
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    enrolled.update(version=3)
    await enrolled.work_until_settled()
    assert enrolled.account().found.enabled
    assert [one["action"] for one in enrolled.outcomes("AccountChanged")] == ["suspend_account", "update_account"]


async def test_a_deleted_account_is_not_restored_and_reported_as_missing(enrolled: School) -> None:
    enrolled.account().delete()
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert enrolled.account().found.deleted
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"], failure["action"]) == (
        Reason.ACCOUNT_MISSING,
        True,
        "update_account",
    )
    assert versions(enrolled) == [1]


async def test_an_account_that_was_being_made_is_finished_and_its_student_welcomed(school: School) -> None:
    school.enrol()
    await school.die_in("create")
    school.update(version=2)
    await school.work_until_settled()
    assert versions(school) == [2]
    assert len(school.mailer.mailbox) == 1


async def test_a_creation_that_is_carried_out_late_is_finished_by_the_verification(school: School) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.update(version=2)
    await school.work()
    assert versions(school) == []
    school.directory.put("maria.rossi@students.north-high.example", MARK)
    await school.work_until_settled()
    assert versions(school) == [2]


async def test_an_older_creation_that_was_not_begun_is_not_made_up_for(school: School) -> None:
    school.update(version=2)
    school.enrol(version=1)
    await school.work_until_settled()
    assert school.directory.accounts == {}
