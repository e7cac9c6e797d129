"""A student leaves: no one can sign in to the account any more, whatever is lost on the way; and comes back."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from consumer.errors import Hold, Reason, Scope, Unavailable
from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from consumer.tenants import Suspension
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import Mishap, lost_answer, lost_request, refused
from tests.provisioning.conftest import School


def changes(school: School) -> list[tuple[str, list[str], list[str]]]:
    return [(one["change"], one["parts"], one["missing"]) for one in school.outcomes("AccountChanged")]


def not_permitted() -> Hold:
    return Hold("Not permitted.", reason=Reason.CONSENT_MISSING, scope=Scope.RESOURCE, code="403")


async def test_the_sign_in_is_blocked_and_seen_to_be_blocked_before_it_is_reported(enrolled: School) -> None:
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    assert not enrolled.account().found.enabled
    assert enrolled.directory.calls == ["read", "is_privileged", "suspend", "read", "end_sessions"]
    assert changes(enrolled) == [("suspended", ["sign_in", "sessions"], [])]
    assert enrolled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_google_ends_the_sessions_by_itself() -> None:
    school = School(Provider.GOOGLE)
    school.enrol()
    await school.work_until_settled()
    school.suspend(version=2)
    await school.work_until_settled()
    assert "end_sessions" not in school.directory.calls
    assert changes(school) == [("suspended", ["sign_in"], [])]


async def test_licences_are_taken_where_the_tenant_wants_that_and_given_again_on_return(enrolled: School) -> None:
    enrolled.tenant = enrolled.tenant.model_copy(update={"suspension": Suspension(remove_licences=True)})
    licences = list(enrolled.account().licences)
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    assert enrolled.account().licences == []
    assert changes(enrolled) == [("suspended", ["sign_in", "sessions", "licences"], [])]
    enrolled.enrol(version=3)
    await enrolled.work_until_settled()
    assert enrolled.account().licences == licences


async def test_the_account_leaves_for_the_leavers_unit_and_comes_back_before_it_is_opened() -> None:
    school = School(Provider.GOOGLE)
    school.tenant = school.tenant.model_copy(update={"suspension": Suspension(org_unit="/Leavers")})
    school.enrol()
    await school.work_until_settled()
    school.suspend(version=2)
    await school.work_until_settled()
    (account,) = school.directory.accounts.values()
    assert account.found.org_unit == "/Leavers"
    school.enrol(version=3)
    await school.work_until_settled()
    assert account.found.org_unit == "/"
    assert school.directory.writes[-2:] == ["move", "reactivate"]


async def test_a_student_without_an_account_has_nothing_to_suspend(school: School) -> None:
    school.suspend(version=1)
    await school.work_until_settled()
    assert school.directory.writes == []
    assert changes(school) == []
    assert school.ledger.dispositions()["S1/1"] is Disposition.APPLIED


async def test_a_withdrawal_that_overtakes_the_enrolment_leaves_no_account(school: School) -> None:
    school.suspend(version=2)
    await school.work_until_settled()
    assert school.enrol(version=1) is Disposition.SUPERSEDED
    await school.work_until_settled()
    assert school.directory.accounts == {}


async def test_an_account_that_a_lost_creation_made_is_found_and_suspended(school: School) -> None:
    school.enrol()
    school.directory.next_calls("create", lost_answer())
    await school.work()
    school.suspend(version=2)
    await school.work_until_settled()
    assert not school.account().found.enabled


async def test_an_account_that_may_be_ours_without_its_marker_waits_for_a_person(school: School) -> None:
    school.directory.keeps_markers, school.directory.drops_markers = False, True
    school.enrol()
    school.directory.next_calls("create", lost_answer())
    await school.work()
    school.suspend(version=2)
    await school.work_until_settled(days=0.5)
    assert "suspend" not in school.directory.writes
    assert school.outcomes("AccountProvisioningFailed")[-1]["reason"] == "account_conflict"


async def test_one_that_turns_up_only_later_is_suspended_by_its_verification(school: School) -> None:
    school.enrol()
    school.directory.next_calls("create", lost_answer())
    await school.work()
    school.account().hidden = True
    school.suspend(version=2)
    await school.work()
    school.account().hidden = False
    await school.work_until_settled()
    assert not school.account().found.enabled
    assert changes(school) == [("suspended", ["sign_in", "sessions"], [])]


@pytest.mark.parametrize("mishap", [lost_answer, lost_request])
async def test_a_suspension_whose_answer_is_lost_is_repeated(enrolled: School, mishap: Callable[[], Mishap]) -> None:
    enrolled.directory.next_calls("suspend", mishap())
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    assert not enrolled.account().found.enabled
    assert [change for change, _, _ in changes(enrolled)] == ["suspended"]


async def test_a_crash_in_the_middle_is_gone_on_from(enrolled: School) -> None:
    enrolled.suspend(version=2)
    await enrolled.die_in("suspend")
    await enrolled.work_until_settled()
    assert not enrolled.account().found.enabled
    assert [change for change, _, _ in changes(enrolled)] == ["suspended"]


async def test_without_the_permission_to_end_sessions_the_account_is_blocked_and_the_outcome_says_what_is_missing(
    enrolled: School,
) -> None:
    enrolled.directory.next_calls("end_sessions", refused(not_permitted()))
    enrolled.suspend(version=2)
    await enrolled.work()
    assert not enrolled.account().found.enabled
    assert changes(enrolled) == [("suspended", ["sign_in"], ["sessions"])]
    await enrolled.work_until_settled()
    assert changes(enrolled)[1:] == [("suspended", ["sign_in", "sessions"], [])]


async def test_a_replica_that_lags_is_waited_for(enrolled: School) -> None:
    enrolled.directory.next_calls("read", None, refused(Unavailable("Try again.")))
    enrolled.suspend(version=2)
    await enrolled.work()
    assert changes(enrolled) == []
    await enrolled.work_until_settled()
    assert changes(enrolled) == [("suspended", ["sign_in", "sessions"], [])]
    assert enrolled.directory.writes == ["suspend", "end_sessions"]


async def test_an_account_of_another_student_is_left_alone(enrolled: School) -> None:
    account = enrolled.account()
    account.found = replace(account.found, marker="~OTHER")
    enrolled.suspend(version=2)
    await enrolled.work()
    assert enrolled.directory.writes == []
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert (failure["action"], failure["reason"]) == ("suspend_account", "account_conflict")


async def test_an_account_without_its_marker_is_left_alone(enrolled: School) -> None:
    account = enrolled.account()
    account.found = replace(account.found, marker=None)
    enrolled.suspend(version=2)
    await enrolled.work_until_settled(days=0.5)
    assert enrolled.directory.writes == []
    assert enrolled.outcomes("AccountProvisioningFailed")[-1]["reason"] == "account_conflict"


async def test_one_that_our_creation_made_without_the_marker_is_suspended_before_it_is_marked(school: School) -> None:
    school.directory.keeps_markers, school.directory.drops_markers = False, True
    school.enrol()
    await school.work()
    school.suspend(version=2)
    await school.work_until_settled()
    writes = school.directory.writes
    assert writes.index("suspend") < writes.index("mark")
    assert not school.account().found.enabled


async def test_an_administrator_s_account_is_left_alone(enrolled: School) -> None:
    enrolled.account().privileged = True
    enrolled.suspend(version=2)
    await enrolled.work()
    assert enrolled.directory.writes == []
    assert enrolled.outcomes("AccountProvisioningFailed")[0]["reason"] == "privileged_account"


async def test_an_account_that_staff_deleted_can_not_be_suspended(enrolled: School) -> None:
    enrolled.account().delete()
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == ("account_missing", True)


async def test_what_staff_had_blocked_before_stays_blocked_on_return(enrolled: School) -> None:
    enrolled.account().block()
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    assert "suspend" not in enrolled.directory.writes
    assert [change for change, _, _ in changes(enrolled)] == ["suspended"]
    enrolled.enrol(version=3)
    await enrolled.work()
    assert not enrolled.account().found.enabled
    assert enrolled.outcomes("AccountProvisioningFailed")[0]["reason"] == "account_disabled"


async def test_the_mail_of_a_suspended_student_is_not_sent_and_its_password_is_destroyed(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    school.suspend(version=2)
    await school.work_until_settled()
    assert school.mailer.mailbox == []
    school.enrol(version=3)
    assert (await school.claim())[0].credentials == {}


async def test_a_student_who_returns_before_the_mail_gets_one_with_a_new_password(school: School) -> None:
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    before = school.account().password
    school.suspend(version=2)
    await school.work_until_settled()
    school.enrol(version=3)
    await school.work_until_settled()
    (accepted,) = school.mailer.mailbox
    assert school.account().password in accepted.mail.text
    assert school.account().password != before
