"""Google's licences: one call each, behind everything that lets the student sign in, and no one waits for another's."""

import asyncio
from datetime import timedelta

import pytest

from consumer.errors import Hold, NotYet, Reason, Scope, Throttled
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.policy.marker import marker
from consumer.tenants import Announce, Guard, GuardedAction, OnChange, Rule, Suspension
from testbed.fakes.directory import FakeAccount
from testbed.fakes.mishaps import lost_answer, refused, throttled
from tests.provisioning.conftest import TENANT, School

PLUS, STANDARD, TEACHING = "101031/1010310008", "101031/1010310005", "101037/1010370001"
MISSING = Hold("Not permitted.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT, code="403")


@pytest.fixture
def school() -> School:
    school = School(Provider.GOOGLE)
    school.configure(rules=(Rule(licences=(PLUS, TEACHING), groups={Provider.GOOGLE: ("all@school.example",)}),))
    return school


def account(school: School, student_id: str = "S1") -> FakeAccount:
    (one,) = school.directory.marked(marker(Provider.GOOGLE, TENANT, student_id))
    return one


def announced(school: School) -> list[list[str]]:
    """The licences of each announcement."""
    return [one["licences"] for one in school.outcomes("AccountProvisioned")]


def missing(school: School) -> list[tuple[str, list[str]]]:
    return [(one["change"], one["missing"]) for one in school.outcomes("AccountChanged")]


async def test_the_account_is_announced_and_welcomed_first_and_announced_again_with_its_licences(
    school: School,
) -> None:
    school.enrol()
    await school.work()
    assert school.directory.writes == ["create", "add_to_group", "assign_licences", "assign_licences"]
    assert account(school).licences == [PLUS, TEACHING]
    assert announced(school) == [[], [PLUS, TEACHING]]
    assert len(school.mailer.mailbox) == 1
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_no_account_waits_for_a_licence_that_is_rate_limited(school: School) -> None:
    school.directory.next_calls("assign_licences", throttled(5))
    for student in ("S1", "S2", "S3"):
        school.enrol(student, given_name=student)
    await school.work()
    assert school.directory.calls.count("create") == 3
    assert school.directory.calls.count("assign_licences") == 1
    assert (len(school.mailer.mailbox), announced(school)) == (3, [[]] * 3)
    await school.work_until_settled()
    assert [account(school, student).licences for student in ("S1", "S2", "S3")] == [[PLUS, TEACHING]] * 3
    assert announced(school) == [[]] * 3 + [[PLUS, TEACHING]] * 3
    assert len(school.mailer.mailbox) == 3


async def test_accounts_wait_for_the_directory_that_refused_within_a_licence_s_step(school: School) -> None:
    of_the_directory = Throttled("Too many requests.", after=30)
    of_the_directory.service = "google"
    school.directory.next_calls("assign_licences", refused(of_the_directory))
    school.enrol("S1", given_name="One")
    await school.work()
    school.enrol("S2", given_name="Two")
    await school.work()
    assert school.directory.calls.count("create") == 1
    await school.work_until_settled()
    assert school.directory.calls.count("create") == 2


async def test_no_account_waits_for_the_permission_to_give_licences(school: School) -> None:
    school.directory.next_calls("assign_licences", refused(MISSING))
    school.enrol("S1", given_name="One")
    await school.work()
    school.enrol("S2", given_name="Two")
    await school.work()
    assert (school.directory.calls.count("create"), school.directory.calls.count("assign_licences")) == (2, 1)
    reported = school.outcomes("AccountProvisioningFailed")
    assert [(one["student_id"], one["step"], one["reason"]) for one in reported] == [
        ("S1", "licences", "consent_missing")
    ]


async def test_a_licence_that_was_given_is_not_asked_for_again_when_the_next_is_refused(school: School) -> None:
    school.directory.next_calls("assign_licences", None, refused(NotYet("Not known yet.")))
    school.enrol()
    await school.work()
    assert announced(school) == [[]]
    await school.work_until_settled()
    assert school.directory.calls.count("assign_licences") == 3
    assert announced(school) == [[], [PLUS, TEACHING]]


async def test_one_whose_answer_was_lost_is_asked_for_again(school: School) -> None:
    school.directory.next_calls("assign_licences", lost_answer())
    school.enrol()
    await school.work_until_settled()
    assert account(school).licences == [PLUS, TEACHING]
    assert announced(school) == [[], [PLUS, TEACHING]]


async def test_what_was_announced_without_licences_before_a_crash_is_announced_with_them(school: School) -> None:
    school.directory.hang_after.add("assign_licences")
    school.enrol()
    (job,) = await school.claim()
    working = asyncio.create_task(school.worker().work(job))
    await school.directory.hanging.wait()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert announced(school) == [[]]
    school.directory.hang_after.clear()
    school.now += timedelta(seconds=61)
    await school.work_until_settled()
    assert announced(school) == [[], [PLUS, TEACHING]]
    assert len(school.mailer.mailbox) == 1


async def test_a_licence_that_waits_for_its_turn_while_the_account_is_verified_is_no_news(school: School) -> None:
    school.directory.next_calls("assign_licences", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    assert announced(school) == [[], [PLUS, TEACHING]]
    school.directory.next_calls("assign_licences", throttled(5))
    await school.work_until_settled()
    assert announced(school) == [[], [PLUS, TEACHING]]


async def test_accounts_that_are_announced_complete_are_announced_once(school: School) -> None:
    school.configure(announce=Announce.COMPLETE)
    school.directory.next_calls("assign_licences", throttled(5))
    school.enrol()
    await school.work()
    assert (announced(school), len(school.mailer.mailbox)) == ([], 0)
    await school.work_until_settled()
    assert (announced(school), len(school.mailer.mailbox)) == ([[PLUS, TEACHING]], 1)


async def test_a_newer_event_that_changes_nothing_gives_nothing_and_is_announced_once(enrolled: School) -> None:
    enrolled.enrol(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []
    assert announced(enrolled)[2:] == [[PLUS, TEACHING]]


async def test_an_event_that_cancels_leaves_what_was_not_given(school: School) -> None:
    school.directory.next_calls("assign_licences", throttled(5))
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work_until_settled()
    assert account(school).licences == []


async def test_a_suspension_is_reported_before_its_licences_are_taken(enrolled: School) -> None:
    enrolled.configure(suspension=Suspension(remove_licences=True))
    enrolled.directory.next_calls("remove_licences", throttled(5))
    enrolled.suspend(version=2)
    await enrolled.work()
    assert missing(enrolled) == [("suspended", ["licences"])]
    await enrolled.work_until_settled()
    assert account(enrolled).licences == []
    assert enrolled.directory.calls.count("remove_licences") == 3
    assert missing(enrolled) == [("suspended", ["licences"]), ("suspended", [])]


async def test_a_suspension_that_takes_none_is_reported_once(school: School) -> None:
    school.configure(rules=(), suspension=Suspension(remove_licences=True))
    school.enrol()
    await school.work_until_settled()
    school.suspend(version=2)
    await school.work_until_settled()
    assert missing(school) == [("suspended", [])]


async def test_licences_that_a_suspension_took_are_given_again_on_return(enrolled: School) -> None:
    enrolled.configure(suspension=Suspension(remove_licences=True))
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    enrolled.enrol(version=3)
    await enrolled.work_until_settled()
    assert account(enrolled).licences == [PLUS, TEACHING]


async def test_a_restored_account_is_given_its_licences_again(enrolled: School) -> None:
    account(enrolled).licences.clear()
    account(enrolled).delete()
    enrolled.enrol(version=2)
    await enrolled.work_until_settled()
    assert account(enrolled).licences == [PLUS, TEACHING]


async def test_rules_that_give_another_sku_of_the_product_switch_it_where_they_are_followed(enrolled: School) -> None:
    enrolled.configure(rules=(Rule(licences=(STANDARD,)),), on_change=OnChange.FOLLOW)
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert account(enrolled).licences == [STANDARD]
    assert enrolled.directory.calls.count("assign_licences") == 1
    assert enrolled.directory.calls.count("remove_licences") == 1  # of the other product


async def test_a_switch_whose_answer_was_lost_leaves_one_licence(enrolled: School) -> None:
    enrolled.configure(rules=(Rule(licences=(STANDARD, TEACHING)),), on_change=OnChange.FOLLOW)
    enrolled.directory.next_calls("assign_licences", lost_answer())
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert sorted(account(enrolled).licences) == [STANDARD, TEACHING]


async def test_a_licence_that_may_have_been_taken_is_not_announced(enrolled: School) -> None:
    enrolled.configure(rules=(Rule(licences=(PLUS,)),), on_change=OnChange.FOLLOW)
    enrolled.directory.next_calls("remove_licences", lost_answer())
    enrolled.update(version=2)
    await enrolled.work()
    assert account(enrolled).licences == [PLUS]
    enrolled.configure(rules=(Rule(licences=(PLUS, TEACHING)),), on_change=OnChange.FOLLOW)
    enrolled.update(version=3)
    await enrolled.work()
    assert [PLUS] in announced(enrolled)
    assert announced(enrolled)[-1] == [PLUS, TEACHING]
    assert account(enrolled).licences == [PLUS, TEACHING]


async def test_where_rules_are_not_followed_another_sku_of_the_product_is_for_a_person(enrolled: School) -> None:
    enrolled.configure(rules=(Rule(licences=(STANDARD,)),))
    enrolled.update(version=2)
    await enrolled.work()
    assert account(enrolled).licences == [PLUS, TEACHING]
    (failed,) = enrolled.outcomes("AccountProvisioningFailed")
    assert (failed["reason"], failed["final"]) == ("licence_invalid", False)


async def test_a_switch_is_counted_as_taking_a_licence(school: School) -> None:
    few = GuardedAction(accounts=1, percent=0)
    school.configure(rules=(Rule(licences=(PLUS,)),), on_change=OnChange.FOLLOW, guard=Guard(remove_licences=few))
    students = [f"S{number}" for number in range(4)]
    for student in students:
        school.enrol(student, given_name=student)
    await school.work_until_settled()
    school.configure(rules=(Rule(licences=(STANDARD,)),))
    for student in students:
        school.update(student, version=2, given_name=student)
    await school.work_until_settled(days=0.2)
    assert sorted(account(school, student).licences for student in students) == [[STANDARD], *([[PLUS]] * 3)]
    failed = school.outcomes("AccountProvisioningFailed")
    assert {(one["step"], one["reason"]) for one in failed} == {(StepName.LICENCES, Reason.GUARD_PARKED)}


async def test_the_time_to_an_account_does_not_count_its_licences(school: School) -> None:
    school.directory.next_calls("assign_licences", throttled(5), throttled(5))
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=3_000)
    await school.work_until_settled()
    labels = {"provider": Provider.GOOGLE.value}
    count = school.metrics.registry.get_sample_value("provisioner_time_to_account_seconds_count", labels)
    total = school.metrics.registry.get_sample_value("provisioner_time_to_account_seconds_sum", labels)
    assert count == 1
    assert total is not None
    assert total < 60


async def test_licences_that_people_took_are_given_again_when_a_reconciliation_has_found_it(enrolled: School) -> None:
    account(enrolled).licences.clear()
    enrolled.ledger.look_again(TENANT, "S1")
    await enrolled.work_until_settled()
    assert account(enrolled).licences == [PLUS, TEACHING]
    assert len(enrolled.outcomes("AccountProvisioned")) == 2
