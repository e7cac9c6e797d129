"""An account with our marker that the ledger does not know is taken only where all of it fits; what does not fit is not written to."""

import pytest

from consumer.errors import Hold, Reason, Scope
from consumer.events import Provider
from consumer.policy.marker import marker
from testbed.fakes.mishaps import refused
from tests.provisioning.conftest import TENANT, School

MARK = marker(Provider.MICROSOFT, TENANT, "S1")
MARIA = "maria.rossi@students.north-high.example"
WRITES = {"create", "mark", "restore", "assign_licences", "add_to_group", "replace_password"}


def failure(school: School) -> tuple[str, bool]:
    (one,) = school.outcomes("AccountProvisioningFailed")
    return one["reason"], one["final"]


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"synchronised": True}, Reason.SYNCHRONISED_ACCOUNT),
        ({"guest": True}, Reason.GUEST_ACCOUNT),
        ({"privileged": True}, Reason.PRIVILEGED_ACCOUNT),
        ({"enabled": False}, Reason.ACCOUNT_DISABLED),
        ({"deleted": True, "synchronised": True}, Reason.SYNCHRONISED_ACCOUNT),
        ({"deleted": True, "guest": True}, Reason.GUEST_ACCOUNT),
    ],
)
async def test_an_account_that_must_be_left_alone_is_held_with_the_reason_and_not_written_to(
    school: School, about: dict[str, bool], reason: Reason
) -> None:
    school.directory.put(MARIA, MARK, **about)
    school.enrol()
    await school.work()
    assert failure(school) == (reason, False)
    assert WRITES.isdisjoint(school.directory.calls)


async def test_an_account_in_a_domain_that_is_not_the_tenants_is_held(school: School) -> None:
    school.directory.put("maria.rossi@staff.north-high.example", MARK)
    school.enrol()
    await school.work()
    assert failure(school) == (Reason.ACCOUNT_CONFLICT, False)
    assert WRITES.isdisjoint(school.directory.calls)


async def test_where_roles_cannot_be_read_nothing_is_adopted(school: School) -> None:
    unreadable = Hold("Roles cannot be read.", reason=Reason.ROLES_UNREADABLE, scope=Scope.RESOURCE)
    school.directory.next_calls("is_privileged", refused(unreadable))
    school.directory.put(MARIA, MARK)
    school.enrol()
    await school.work()
    assert failure(school) == (Reason.ROLES_UNREADABLE, False)
    assert WRITES.isdisjoint(school.directory.calls)


async def test_unreadable_roles_hold_up_only_those_whose_account_would_be_adopted(school: School) -> None:
    unreadable = Hold("Roles cannot be read.", reason=Reason.ROLES_UNREADABLE, scope=Scope.RESOURCE)
    school.directory.next_calls("is_privileged", refused(unreadable))
    school.directory.put(MARIA, MARK)
    school.enrol("S1")
    await school.work()
    school.enrol("S2", given_name="Nora")
    await school.work()
    assert school.account("S2").found.address == "nora.rossi@students.north-high.example"


async def test_the_roles_of_a_holder_who_is_plainly_another_person_are_not_asked_for(school: School) -> None:
    school.directory.put(MARIA, "teacher-7")
    school.enrol()
    await school.work()
    assert "is_privileged" not in school.directory.calls


async def test_a_teacher_whose_number_is_the_students_is_left_alone(school: School) -> None:
    teacher = school.directory.put("t.one@students.north-high.example", "S1")
    school.enrol()
    await school.work()
    assert (teacher.licences, teacher.groups, teacher.found.marker) == ([], [], "S1")
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert (provisioned["account"]["origin"], provisioned["account"]["sign_in_name"]) == ("created", MARIA)
