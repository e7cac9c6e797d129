"""Licences and groups: what the rules give, added once, reported truthfully."""

from datetime import timedelta

from consumer.errors import Hold, NotYet, Reason
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mishaps import lost_answer, refused
from tests.provisioning.conftest import School

SKU = "314c4481-f395-4525-be8b-2ec4bb1e9d91"
GROUP = "02bd9fd6-8f93-4758-87c3-1fb73740a315"


async def test_the_account_gets_what_the_rules_give(school: School) -> None:
    school.enrol()
    await school.work()
    assert (school.account().licences, school.account().groups) == ([SKU], [GROUP])
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert (provisioned["licences"], provisioned["groups"]) == ([SKU], [GROUP])


async def test_what_was_given_is_not_given_again(school: School) -> None:
    school.enrol()
    await school.work()
    school.enrol(version=2)
    await school.work()
    assert school.account().licences == [SKU]
    assert len(school.outcomes("AccountProvisioned")) == 2


async def test_a_newer_event_adds_what_its_attributes_give(school: School) -> None:
    school.enrol(attributes={"grade": "9"})
    await school.work()
    assert school.account().groups == []
    school.enrol(version=2, attributes={"grade": "8"})
    await school.work()
    assert school.account().groups == [GROUP]


async def test_nothing_is_announced_before_everything_is_given(school: School) -> None:
    school.directory.next_calls("add_to_group", refused(NotYet("Not visible yet.")))
    school.enrol()
    await school.work()
    assert school.outcomes("AccountProvisioned") == []
    assert school.mailer.mailbox == []
    await school.work_until_settled()
    assert len(school.outcomes("AccountProvisioned")) == 1


async def test_a_grant_whose_answer_was_lost_is_asked_for_again(school: School) -> None:
    school.directory.next_calls("assign_licences", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    assert school.directory.calls.count("assign_licences") == 2
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_without_licences_left_the_student_is_held_and_reported_once(school: School) -> None:
    none_left = Hold("No licences of this kind are left.", reason=Reason.LICENCES_EXHAUSTED)
    school.directory.next_calls("assign_licences", refused(none_left), refused(none_left))
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=3_700)
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["step"], failure["reason"], failure["final"]) == ("licences", "licences_exhausted", False)
    assert failure["retry_at"] is not None


async def test_a_held_student_continues_when_the_cause_is_gone(school: School) -> None:
    none_left = Hold("No licences of this kind are left.", reason=Reason.LICENCES_EXHAUSTED)
    school.directory.next_calls("assign_licences", refused(none_left))
    school.enrol()
    await school.work_until_settled()
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}
    assert len(school.mailer.mailbox) == 1


async def test_an_account_that_is_gone_waits_for_a_person_in_the_end(school: School) -> None:
    school.enrol()
    await school.work()
    school.directory.accounts.clear()
    school.enrol(version=2, attributes={"grade": "7", "school": "x"})
    school.tenant = school.tenant.model_copy(
        update={"rules": (*school.tenant.rules, school.tenant.rules[0].model_copy(update={"licences": ("new",)}))}
    )
    await school.work_until_settled(days=1)
    assert [one["reason"] for one in school.outcomes("AccountProvisioningFailed")] == [Reason.ACCOUNT_MISSING]
    assert school.directory.calls.count("create") == 1
