"""Restoring: a deleted account comes back, and replicas that hide it lead to no second one."""

from dataclasses import replace
from datetime import timedelta

from consumer.errors import NotYet, Reason
from testbed.fakes.mishaps import lost_answer, refused
from tests.provisioning.conftest import MARK, School


async def test_our_deleted_account_is_restored(school: School) -> None:
    account = school.directory.put("maria.rossi@students.north-high.example", MARK, deleted=True)
    school.enrol()
    await school.work()
    assert not account.found.deleted
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "restored"
    assert school.mailer.mailbox == []


async def test_a_restored_account_that_proves_to_be_an_administrator_s_is_left_alone(school: School) -> None:
    account = school.directory.put(
        "maria.rossi@students.north-high.example", MARK, deleted=True, privileged=True
    )  # roles show on living accounts only
    school.enrol()
    for _ in range(2):
        await school.work()
        school.now += timedelta(days=1)
    (failed,) = school.outcomes("AccountProvisioningFailed")
    assert failed["reason"] == "privileged_account"
    assert (account.licences, account.groups) == ([], [])


async def test_a_restoration_whose_answer_was_lost_is_still_a_restoration(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", MARK, deleted=True)
    school.directory.next_calls("restore", lost_answer())
    school.enrol()
    await school.work_until_settled()
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "restored"
    assert [one["state"] for one in school.outcomes("WelcomeEmailStatus")] == ["not_wanted"]


async def test_beside_a_restored_account_that_replicas_hide_none_is_made(school: School) -> None:
    account = school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.next_calls("restore", lost_answer())
    school.enrol()
    await school.work()
    account.hidden = True
    for _ in range(3):
        school.now += timedelta(seconds=60)
        await school.work()
    assert "create" not in school.directory.calls
    account.hidden = False
    await school.work_until_settled()
    assert school.account() is account
    assert school.outcomes("AccountProvisioningFailed") == []


async def test_a_restored_account_that_is_not_shown_yet_is_waited_for(school: School) -> None:
    account = school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.hides_restored_accounts = True
    school.enrol()
    for _ in range(3):
        await school.work()
        school.now += timedelta(seconds=60)
    assert school.directory.writes == ["restore"]
    assert school.outcomes("AccountProvisioned") == []
    account.hidden = False
    await school.work_until_settled()
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "restored"
    assert school.account() is account


async def test_a_restoration_that_is_refused_may_have_been_done_a_moment_ago(school: School) -> None:
    account = school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.next_calls("restore", refused(NotYet("No such deleted user.")))
    school.enrol()
    await school.work()
    account.hidden = True
    for _ in range(3):
        school.now += timedelta(seconds=60)
        await school.work()
    assert "create" not in school.directory.calls
    account.found, account.hidden = replace(account.found, deleted=False), False
    await school.work_until_settled()
    assert school.account() is account


async def test_an_account_that_is_still_shown_as_deleted_is_not_restored_twice(school: School) -> None:
    account = school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.next_calls("restore", refused(NotYet("No such deleted user.")))
    school.enrol()
    for _ in range(3):
        await school.work()
        school.now += timedelta(seconds=10)
    assert school.directory.writes == ["restore"]
    account.found = replace(account.found, deleted=False)
    await school.work_until_settled()
    assert school.account() is account


async def test_an_account_that_is_deleted_for_good_before_it_is_restored_is_made_anew(school: School) -> None:
    school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.next_calls("restore", refused(NotYet("No such deleted user.")))
    school.enrol()
    await school.work()
    school.directory.accounts.clear()
    school.now += timedelta(days=1)
    await school.work_until_settled()
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "created"


async def test_where_a_restored_account_cannot_be_found_any_more_a_person_must_look(school: School) -> None:
    account = school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.next_calls("restore", lost_answer())
    school.enrol()
    await school.work()
    account.hidden = True
    await school.work_until_settled(days=1)
    assert "create" not in school.directory.calls
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == (Reason.ACCOUNT_MISSING, False)


async def test_a_suspension_waits_for_an_account_that_was_restored_a_moment_ago(school: School) -> None:
    account = school.directory.put("m.bianchi@students.north-high.example", MARK, deleted=True)
    school.directory.hides_restored_accounts = True
    school.enrol()
    await school.work()
    school.suspend(version=2)
    await school.work()
    assert school.outcomes("AccountChanged") == []
    account.hidden = False
    await school.work_until_settled()
    assert not account.found.enabled
    assert [one["change"] for one in school.outcomes("AccountChanged")] == ["suspended"]
