"""Rules that by mistake give no licences any more, at a tenant that follows them: only some lose theirs before a person is asked."""

import pytest

from consumer.errors import Reason
from consumer.events import StepName
from consumer.ledger.port.guard import Decision, Verdict
from consumer.ledger.port.inbox import Disposition
from consumer.policy.guard import Guarded
from consumer.tenants import Announce, Guard, GuardedAction, OnChange, Rule
from tests.provisioning.conftest import TENANT, School

STUDENTS = [f"S{number}" for number in range(4)]
LIMIT = 1
SKU = "sku"


@pytest.fixture
async def moved_up(school: School) -> School:
    """Four students with accounts and licences, whose next events were worked by rules that give none."""
    few = GuardedAction(accounts=LIMIT, percent=0)
    school.configure(rules=(Rule(licences=(SKU,)),), on_change=OnChange.FOLLOW, guard=Guard(remove_licences=few))
    for student in STUDENTS:
        school.enrol(student, given_name=student)
    await school.work_until_settled()
    school.directory.calls.clear()
    school.configure(rules=())
    for student in STUDENTS:
        school.update(student, version=2, given_name=student, family_name="Verdi")
    await school.work()
    return school


def licensed(school: School) -> int:
    return sum(SKU in school.account(student).licences for student in STUDENTS)


def decide(school: School, verdict: Verdict) -> int:
    last = school.ledger.parked_actions()[-1].number
    return school.ledger.decide(Decision(TENANT, Guarded.REMOVE_LICENCES, last, verdict, "op", ""))


async def test_no_more_than_the_limit_lose_their_licences(moved_up: School) -> None:
    assert licensed(moved_up) == len(STUDENTS) - LIMIT
    assert moved_up.directory.calls.count("remove_licences") == LIMIT


async def test_the_rest_of_the_event_is_worked_and_reported_with_what_is_missing(moved_up: School) -> None:
    assert moved_up.directory.calls.count("update") == len(STUDENTS)
    changed = moved_up.outcomes("AccountChanged")
    missing = [one["missing"] for one in changed if one["change"] == "updated"]
    assert sorted(missing) == [[], *([["licences"]] * (len(STUDENTS) - LIMIT))]
    assert len([one for one in moved_up.outcomes("AccountProvisioned") if one["cause"]["version"] == 2]) == len(
        STUDENTS
    )


async def test_nothing_that_is_parked_is_taken_by_itself_or_tried_at_the_vendor(moved_up: School) -> None:
    moved_up.directory.calls.clear()
    await moved_up.work_until_settled(days=2)
    assert licensed(moved_up) == len(STUDENTS) - LIMIT
    assert moved_up.directory.calls == []


async def test_a_parked_student_is_not_due_at_once(moved_up: School) -> None:
    seconds = await moved_up.seconds_to_next()
    assert seconds is not None
    assert seconds > 60


async def test_each_parked_student_is_reported_once(moved_up: School) -> None:
    await moved_up.work_until_settled(days=2)
    failed = moved_up.outcomes("AccountProvisioningFailed")
    assert len({one["student_id"] for one in failed}) == len(failed) == len(STUDENTS) - LIMIT
    assert {(one["step"], one["reason"], one["final"]) for one in failed} == {
        (StepName.LICENCES, Reason.GUARD_PARKED, False)
    }


async def test_what_is_approved_is_taken_and_reported_as_complete(moved_up: School) -> None:
    before = len(moved_up.outcomes("AccountProvisioned"))
    assert decide(moved_up, Verdict.APPROVED) == len(STUDENTS) - LIMIT
    await moved_up.work()
    assert licensed(moved_up) == 0
    completed = moved_up.outcomes("AccountProvisioned")[before:]
    assert [one["licences"] for one in completed] == [[]] * (len(STUDENTS) - LIMIT)
    assert set(moved_up.ledger.dispositions().values()) == {Disposition.APPLIED}


async def test_what_is_rejected_stays_for_this_version_and_nothing_is_tried_again(moved_up: School) -> None:
    decide(moved_up, Verdict.REJECTED)
    moved_up.directory.calls.clear()
    await moved_up.work_until_settled()
    assert licensed(moved_up) == len(STUDENTS) - LIMIT
    assert moved_up.directory.calls == []
    assert await moved_up.seconds_to_next() is None
    final = [one for one in moved_up.outcomes("AccountProvisioningFailed") if one["final"]]
    assert [one["reason"] for one in final] == [Reason.GUARD_REJECTED] * (len(STUDENTS) - LIMIT)


async def test_a_newer_event_by_right_rules_ends_the_parking(moved_up: School) -> None:
    moved_up.configure(rules=(Rule(licences=(SKU,)),))
    for student in STUDENTS:
        moved_up.update(student, version=3, given_name=student, family_name="Verdi")
    await moved_up.work_until_settled()
    assert licensed(moved_up) == len(STUDENTS)
    assert moved_up.ledger.parked_actions() == []
    assert set(moved_up.ledger.dispositions().values()) <= {Disposition.APPLIED, Disposition.SUPERSEDED}


async def test_rules_that_are_corrected_end_the_parking_without_an_event(moved_up: School) -> None:
    moved_up.configure(rules=(Rule(licences=(SKU,)),))
    await moved_up.work_until_settled()
    assert moved_up.ledger.parked_actions() == []
    assert set(moved_up.ledger.dispositions().values()) == {Disposition.APPLIED}


async def test_a_suspension_that_takes_licences_counts_as_a_suspension(moved_up: School) -> None:
    suspension = moved_up.tenant.suspension.model_copy(update={"remove_licences": True})
    moved_up.configure(suspension=suspension)
    for student in STUDENTS:
        moved_up.suspend(student, version=3)
    await moved_up.work_until_settled()
    assert licensed(moved_up) == 0
    assert moved_up.ledger.parked_actions() == []


async def test_an_account_is_announced_where_only_complete_ones_are_though_it_keeps_a_licence(school: School) -> None:
    none = GuardedAction(accounts=0, percent=0)
    school.configure(
        rules=(Rule(licences=(SKU,)),),
        on_change=OnChange.FOLLOW,
        guard=Guard(remove_licences=none),
        announce=Announce.COMPLETE,
    )
    school.enrol()
    await school.work_until_settled()
    school.configure(rules=())
    school.update(version=2)
    await school.work()
    assert [one["cause"]["version"] for one in school.outcomes("AccountProvisioned")] == [1, 2]


async def test_rules_that_have_changed_since_the_claim_are_counted_before_they_take_something(school: School) -> None:
    none = GuardedAction(accounts=0, percent=0)
    school.configure(rules=(Rule(licences=(SKU,)),), on_change=OnChange.FOLLOW, guard=Guard(remove_licences=none))
    school.enrol()
    await school.work_until_settled()
    school.update(version=2)
    jobs = await school.claim()
    school.configure(rules=())
    for job in jobs:
        await school.worker().work(job)
    assert SKU in school.account("S1").licences
    await school.work_until_settled(days=1)
    assert SKU in school.account("S1").licences
    assert [one.student_id for one in school.ledger.parked_actions()] == ["S1"]
