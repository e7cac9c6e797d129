"""A whole school is withdrawn by mistake, and most of its students keep their accounts."""

import pytest

from consumer.ledger.port.guard import Decision, Verdict
from consumer.ledger.port.inbox import Disposition
from consumer.policy.guard import Guarded
from consumer.tenants import Guard, GuardedAction
from tests.provisioning.conftest import TENANT, School

STUDENTS = [f"S{number}" for number in range(6)]
LIMIT = 2


@pytest.fixture
async def withdrawn(school: School) -> School:
    """Six students with accounts, whose suspensions were all requested, and were worked as far as the guard lets them."""
    few = GuardedAction(accounts=LIMIT, percent=0)
    school.tenant = school.tenant.model_copy(update={"guard": Guard(suspend_account=few)})
    for student in STUDENTS:
        school.enrol(student, given_name=student)
    await school.work_until_settled()
    school.directory.calls.clear()
    for student in STUDENTS:
        school.suspend(student, version=2)
    await school.work()
    return school


def enabled(school: School) -> int:
    return sum(school.account(student).found.enabled for student in STUDENTS)


def decide(school: School, verdict: Verdict) -> int:
    last = school.ledger.parked_actions()[-1].number
    return school.ledger.decide(Decision(TENANT, Guarded.SUSPEND_ACCOUNT, last, verdict, "op", ""))


async def test_no_more_than_the_limit_are_suspended(withdrawn: School) -> None:
    assert enabled(withdrawn) == len(STUDENTS) - LIMIT
    assert withdrawn.directory.calls.count("suspend") == LIMIT


async def test_nothing_that_is_parked_continues_by_itself(withdrawn: School) -> None:
    await withdrawn.work_until_settled(days=2)
    assert enabled(withdrawn) == len(STUDENTS) - LIMIT


async def test_each_parked_student_is_reported_once(withdrawn: School) -> None:
    await withdrawn.work_until_settled(days=2)
    failed = withdrawn.outcomes("AccountProvisioningFailed")
    assert len({one["student_id"] for one in failed}) == len(failed) == len(STUDENTS) - LIMIT
    assert {(one["reason"], one["final"], one["action"]) for one in failed} == {
        ("guard_parked", False, "suspend_account")
    }


async def test_a_correction_enables_those_who_were_suspended_and_leaves_the_others_alone(withdrawn: School) -> None:
    withdrawn.directory.calls.clear()
    for student in STUDENTS:
        withdrawn.enrol(student, version=3, given_name=student)
    await withdrawn.work_until_settled()
    assert enabled(withdrawn) == len(STUDENTS)
    assert withdrawn.directory.calls.count("reactivate") == LIMIT
    assert withdrawn.ledger.parked_actions() == []


async def test_other_work_of_the_tenant_continues(withdrawn: School) -> None:
    withdrawn.enrol("S9")
    await withdrawn.work()
    assert withdrawn.account("S9").found.enabled


async def test_what_is_approved_is_suspended(withdrawn: School) -> None:
    assert decide(withdrawn, Verdict.APPROVED) == len(STUDENTS) - LIMIT
    await withdrawn.work()
    assert enabled(withdrawn) == 0


async def test_what_is_rejected_fails_for_good_until_a_newer_event_comes(withdrawn: School) -> None:
    (first, *_) = withdrawn.ledger.parked_actions()
    decide(withdrawn, Verdict.REJECTED)
    await withdrawn.work_until_settled()
    assert enabled(withdrawn) == len(STUDENTS) - LIMIT
    final = [one for one in withdrawn.outcomes("AccountProvisioningFailed") if one["final"]]
    assert {one["reason"] for one in final} == {"guard_rejected"}
    assert len(final) == len(STUDENTS) - LIMIT
    assert withdrawn.ledger.dispositions()[f"{first.student_id}/2"] is Disposition.FAILED
    withdrawn.enrol(first.student_id, version=3, given_name=first.student_id)
    await withdrawn.work_until_settled()
    assert withdrawn.ledger.dispositions()[f"{first.student_id}/3"] is Disposition.APPLIED


async def test_an_account_that_the_ledger_does_not_know_is_counted_before_it_is_suspended(school: School) -> None:
    none = GuardedAction(accounts=0, percent=0)
    school.enrol()
    await school.work_until_settled()
    school.tenant = school.tenant.model_copy(update={"guard": Guard(suspend_account=none)})
    school.forget()
    school.suspend(version=2)
    await school.work_until_settled(days=1)
    assert school.account().found.enabled
    assert [one.student_id for one in school.ledger.parked_actions()] == ["S1"]
