"""A student departs: the account is suspended now and deleted later, unless a newer event asks for anything else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from consumer.errors import GiveUp, Reason, Unavailable
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import AccountState
from consumer.tenants import Deletion
from testbed.fakes.mishaps import Mishap, lost_answer, lost_request, refused
from tests.provisioning.conftest import MARK, TENANT, School

GRACE, A_MOMENT = timedelta(days=30), timedelta(seconds=1)


def reasons(school: School) -> list[str]:
    return [one["reason"] for one in school.outcomes("AccountProvisioningFailed")]


def state(school: School) -> AccountState:
    (account,) = school.ledger.student(TENANT, "S1").known.accounts.values()
    return account.state


@pytest.fixture
async def departed(enrolled: School) -> School:
    """A student whose account is suspended, and to be deleted."""
    enrolled.depart(version=2)
    await enrolled.work()
    enrolled.directory.calls.clear()
    return enrolled


async def grace_over(school: School) -> None:
    school.now += GRACE + A_MOMENT
    await school.work_until_settled()


async def test_the_account_is_suspended_at_once_and_its_time_is_reported(departed: School) -> None:
    assert not departed.account().found.enabled
    assert departed.changes() == ["suspended", "deletion_scheduled"]
    (suspended, scheduled) = departed.outcomes("AccountChanged")
    assert suspended["delete_at"] is None
    assert datetime.fromisoformat(scheduled["delete_at"]) - (departed.now + GRACE) < A_MOMENT
    assert departed.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_it_is_deleted_when_the_grace_is_over_and_not_before(departed: School) -> None:
    assert await departed.seconds_to_next() == pytest.approx(GRACE.total_seconds(), abs=1)
    await grace_over(departed)
    assert departed.account().found.deleted
    assert departed.directory.writes == ["delete"]
    assert departed.changes()[-1] == "deleted"
    assert await departed.seconds_to_next() is None


@pytest.mark.parametrize("event", [School.enrol, School.update, School.suspend, School.withdraw, School.release])
async def test_any_newer_event_that_asks_for_something_else_cancels_it(
    departed: School, event: Callable[..., Disposition]
) -> None:
    event(departed, version=3)
    await grace_over(departed)
    assert "delete" not in departed.directory.writes
    assert departed.changes()[2] == "deletion_cancelled"


async def test_one_of_the_same_kind_does_not_put_it_off(departed: School) -> None:
    departed.now += timedelta(days=20)
    departed.depart(version=3)
    await departed.work()
    assert await departed.seconds_to_next() == pytest.approx(timedelta(days=10).total_seconds(), abs=1)


async def test_an_unreadable_date_leaves_the_account_suspended(school: School) -> None:
    school.configure(deletion=Deletion(date_attribute="leaves_on"))
    school.enrol()
    await school.work_until_settled()
    school.depart(version=2, attributes={"leaves_on": "soon"})
    await school.work()
    assert not school.account().found.enabled
    assert reasons(school) == ["invalid_date"]


async def test_a_student_who_returns_after_it_gets_the_same_account_back(departed: School) -> None:
    await grace_over(departed)
    before = departed.account().found.object_id
    departed.enrol(version=3)
    await departed.work_until_settled()
    found = departed.account().found
    assert (found.object_id, found.deleted, found.enabled) == (before, False, True)
    assert departed.changes()[-1] == "reactivated"
    assert len(departed.mailer.to("maria@home.example")) == 1


async def test_one_who_returns_when_it_can_not_be_restored_gets_another_and_a_mail_of_its_own(departed: School) -> None:
    await grace_over(departed)
    old = departed.account().found
    departed.directory.accounts.clear()
    departed.enrol(version=3)
    await departed.work_until_settled()
    new = departed.account().found
    assert new.object_id != old.object_id
    assert new.address == old.address
    assert len(departed.mailer.to("maria@home.example")) == 2  # the first account's, and this one's
    assert state(departed) is AccountState.ACTIVE


async def test_an_account_that_people_have_opened_is_not_deleted(departed: School) -> None:
    departed.account().unblock()
    departed.now += GRACE + A_MOMENT
    await departed.work()
    assert departed.directory.writes == []
    assert reasons(departed) == ["account_opened"]


async def test_an_account_without_our_marker_is_not_deleted(departed: School) -> None:
    account = departed.account()
    account.found = replace(account.found, marker=None)
    departed.now += GRACE + A_MOMENT
    await departed.work_until_settled()
    assert departed.directory.writes == []
    assert reasons(departed) == ["account_conflict"]


async def test_one_that_people_have_deleted_is_reported_as_that(departed: School) -> None:
    departed.account().delete()
    await grace_over(departed)
    assert departed.directory.writes == []
    assert departed.changes()[-1] == "deleted"


@pytest.mark.parametrize("mishap", [lost_answer, lost_request])
async def test_a_deletion_whose_answer_is_lost_is_looked_after(departed: School, mishap: Callable[[], Mishap]) -> None:
    departed.directory.next_calls("delete", mishap())
    await grace_over(departed)
    assert departed.account().found.deleted
    assert departed.changes().count("deleted") == 1


async def test_a_crash_in_the_middle_is_continued(departed: School) -> None:
    departed.now += GRACE + A_MOMENT
    await departed.die_in("delete")
    await departed.work_until_settled()
    assert departed.changes()[-1] == "deleted"


async def test_after_a_lost_deletion_a_student_who_returns_waits_until_it_is_known(departed: School) -> None:
    departed.directory.next_calls("delete", lost_answer())
    departed.now += GRACE + A_MOMENT
    await departed.work()
    departed.enrol(version=3)
    await departed.work()
    assert "restore" not in departed.directory.writes
    await departed.work_until_settled()
    assert departed.account().found.enabled


@pytest.mark.parametrize("again", [School.release, School.depart])
async def test_after_one_that_was_begun_and_not_carried_out_a_newer_event_finds_the_account(
    departed: School, again: Callable[..., Disposition]
) -> None:
    departed.directory.next_calls("delete", refused(Unavailable("Later.")))
    departed.now += GRACE + A_MOMENT
    await departed.work()
    assert state(departed) is AccountState.DELETED  # recorded with the intent
    departed.suspend(version=3)
    await departed.work_until_settled()
    assert state(departed) is AccountState.SUSPENDED
    again(departed, version=4)
    await grace_over(departed)
    assert departed.changes()[-1] == ("released" if again is School.release else "deleted")
    assert departed.directory.marked(MARK) == [] or departed.account().found.deleted


async def test_one_that_is_refused_for_good_is_not_tried_over_and_over(departed: School) -> None:
    departed.directory.next_calls("delete", refused(GiveUp("No.", reason=Reason.UNEXPECTED_ANSWER)))
    await grace_over(departed)
    assert departed.directory.writes == ["delete"]
    assert reasons(departed) == ["unexpected_answer"]
    assert await departed.seconds_to_next() is None


async def test_an_account_is_not_deleted_while_a_creation_may_still_make_another(school: School) -> None:
    school.configure(deletion=Deletion(grace=1 / 86_400))
    school.enrol()
    school.directory.next_calls("create", lost_answer())
    await school.work()
    school.now += timedelta(seconds=60)
    school.depart(version=2)
    for _ in range(3):
        await school.work()
        school.now += timedelta(seconds=60)
    assert "delete" not in school.directory.writes
    await school.work_until_settled()
    assert school.changes()[-1] == "deleted"
    assert not any(step.unsure for step in school.ledger.student(TENANT, "S1").known.steps.values())
