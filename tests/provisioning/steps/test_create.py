"""The account: at most one, whatever happens to calls, answers and processes."""

from datetime import timedelta

import pytest

from consumer.errors import GiveUp, Reason, Throttled, Unavailable
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.vault import Vault
from consumer.tenants import OnTaken
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import lost_answer, lost_request, refused, throttled
from tests.provisioning.conftest import MARK, VERIFY_AFTER, School


async def test_a_new_student_gets_an_account_with_the_marker(school: School) -> None:
    school.enrol()
    await school.work()
    account = school.account()
    assert account.found.address == "maria.rossi@students.north-high.example"
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "created"
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_a_lost_answer_makes_one_account_with_one_password(school: School) -> None:
    school.directory.next_calls("create", lost_answer())
    school.enrol()
    await school.work_until_settled()
    account = school.account()
    assert school.directory.calls.count("create") == 1
    (mail,) = school.mailer.to("maria@home.example")
    assert account.password in mail.text


async def test_a_lost_request_is_sent_again_with_the_same_body_and_password(school: School) -> None:
    school.directory.next_calls("create", lost_request(), lost_request())
    school.enrol()
    await school.work_until_settled()
    assert len(school.directory.bodies) == 3
    assert len(set(school.directory.bodies)) == 1
    school.account()


async def test_an_account_that_replicas_hide_is_not_made_twice(school: School) -> None:
    school.directory.next_calls("create", lost_answer())
    school.directory.hides_new_accounts = True
    school.enrol()
    await school.work()
    for _ in range(3):
        school.now += timedelta(seconds=60)
        await school.work()
    for account in school.directory.accounts.values():
        account.hidden = False
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi@students.north-high.example"


async def test_a_process_that_dies_after_the_call_leaves_one_account(school: School) -> None:
    school.enrol()
    await school.die_in("create")
    await school.work_until_settled()
    account = school.account()
    (mail,) = school.mailer.to("maria@home.example")
    assert account.password in mail.text


async def test_a_vendor_that_is_rate_limited_behind_a_creation_is_given_it_by_the_whole_tenant(school: School) -> None:
    school.directory.throttled_behind_creations = Throttled("Busy.", after=300)
    school.enrol()
    await school.work()
    assert school.account().found.marker == MARK
    school.enrol("S2")
    before = len(school.directory.calls)
    await school.work()
    assert len(school.directory.calls) == before


async def test_an_address_of_someone_else_moves_to_the_next_candidate(school: School) -> None:
    other = school.directory.put("maria.rossi@students.north-high.example", "teacher-7")
    school.enrol()
    await school.work()
    assert school.account().found.address == "maria.rossi2@students.north-high.example"
    assert other.found.marker == "teacher-7"


async def test_namesakes_get_different_addresses(school: School) -> None:
    school.enrol("S1")
    school.enrol("S2")
    await school.work()
    assert {school.account(one).found.address for one in ("S1", "S2")} == {
        "maria.rossi@students.north-high.example",
        "maria.rossi2@students.north-high.example",
    }


async def test_the_tenth_namesake_gets_the_tenth_address(school: School) -> None:
    for number in range(10):
        school.enrol(f"S{number}")
    await school.work()
    assert {school.account(f"S{number}").found.address for number in range(10)} == {
        f"maria.rossi{n}@students.north-high.example" for n in ("", *range(2, 11))
    }


async def test_an_account_that_is_ours_already_is_adopted_without_a_mail(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", MARK)
    school.enrol()
    await school.work()
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "adopted"
    assert school.directory.calls.count("create") == 0
    assert school.mailer.mailbox == []


async def test_an_account_of_ours_that_only_the_refusal_shows_is_not_mailed_a_password_that_it_does_not_have(
    school: School,
) -> None:
    account = school.directory.put("maria.rossi@students.north-high.example", MARK)
    account.password, account.hidden = "theirs", True
    school.enrol()
    await school.work()
    account.hidden = False
    await school.work_until_settled()
    (sent,) = school.mailer.mailbox
    assert account.password in sent.mail.text


async def test_our_account_under_another_address_is_adopted_as_it_is(school: School) -> None:
    school.directory.put("m.bianchi@students.north-high.example", MARK)
    school.enrol()
    await school.work()
    assert school.account().found.address == "m.bianchi@students.north-high.example"


async def test_an_account_elsewhere_is_not_what_an_unknown_creation_made(school: School) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.directory.put("m.bianchi@students.north-high.example", MARK)
    await school.work_until_settled()
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert provisioned["account"]["origin"] == "adopted"
    assert school.mailer.mailbox == []


async def test_an_administrators_account_is_never_adopted(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", MARK, privileged=True)
    school.enrol()
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == (Reason.PRIVILEGED_ACCOUNT, False)


async def test_two_accounts_with_one_marker_wait_for_a_person(school: School) -> None:
    school.directory.put("a@students.north-high.example", MARK)
    school.directory.put("b@students.north-high.example", MARK)
    school.enrol()
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert failure["reason"] == Reason.ACCOUNT_CONFLICT


async def test_after_an_unknown_attempt_an_unmarked_holder_may_be_ours_and_is_waited_for(school: School) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.directory.put("maria.rossi@students.north-high.example", None)
    school.now += timedelta(seconds=10)
    await school.work()
    assert len(school.directory.accounts) == 1
    assert VERIFY_AFTER - 11 < (await school.seconds_to_next() or 0) < VERIFY_AFTER


async def test_an_unmarked_holder_is_another_persons_when_the_unknown_attempt_can_no_longer_have_made_it(
    school: School,
) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    holder = school.directory.put("maria.rossi@students.north-high.example", None)
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi2@students.north-high.example"
    assert holder.found.marker is None


async def test_where_a_directory_may_drop_markers_an_unmarked_holder_may_be_ours_for_as_long_as_no_one_looks(
    school: School,
) -> None:
    school.directory.keeps_markers = False
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.directory.put("maria.rossi@students.north-high.example", None)
    await school.work_until_settled(days=1)
    assert len(school.directory.accounts) == 1
    assert school.outcomes("AccountProvisioningFailed")[-1]["reason"] == Reason.ACCOUNT_CONFLICT


async def test_an_institution_whose_students_had_accounts_before_may_have_them_looked_at(school: School) -> None:
    addresses = school.tenant.addresses.model_copy(update={"on_taken": OnTaken.HOLD})
    school.tenant = school.tenant.model_copy(update={"addresses": addresses})
    school.directory.put("maria.rossi@students.north-high.example", None)
    school.enrol()
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == (Reason.ACCOUNT_CONFLICT, False)
    assert len(school.directory.accounts) == 1


async def test_an_unmarked_holder_is_someone_else_though_it_could_not_be_looked_up_at_once(school: School) -> None:
    other = school.directory.put("maria.rossi@students.north-high.example", None)
    school.directory.next_calls("find_address", refused(Unavailable("Out of order.")))
    school.enrol()
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi2@students.north-high.example"
    assert other.found.marker is None


async def test_a_holder_that_stays_invisible_is_passed_over_after_a_while(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", None).hidden = True
    school.enrol()
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi2@students.north-high.example"


async def test_a_holder_is_not_passed_over_the_first_time_that_it_does_not_show(school: School) -> None:
    school.directory.next_calls("find_marked", *[refused(Unavailable("Out of order."))] * 9)
    school.directory.put("maria.rossi@students.north-high.example", None).hidden = True
    school.enrol()
    while not school.directory.bodies:
        school.now += timedelta(seconds=600)
        await school.work()
    assert len(school.directory.bodies) == 1
    assert len(school.directory.accounts) == 1


async def test_after_an_unknown_attempt_a_holder_that_stays_invisible_is_passed_over_when_it_cannot_be_ours(
    school: School,
) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.directory.put("maria.rossi@students.north-high.example", None).hidden = True
    school.now += timedelta(seconds=VERIFY_AFTER - 1)
    await school.work()
    assert len(school.directory.accounts) == 1
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi2@students.north-high.example"


async def test_a_candidate_that_was_never_asked_for_is_not_ours_whatever_became_of_the_one_before(
    school: School,
) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.directory.put("maria.rossi@students.north-high.example", "teacher-7")
    school.directory.put("maria.rossi2@students.north-high.example", None)
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi3@students.north-high.example"


async def test_the_password_of_a_taken_address_is_used_for_the_next(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", "teacher-7")
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work_until_settled()
    (mail,) = school.mailer.to("maria@home.example")
    assert school.account().password in mail.text


async def test_what_is_unknown_stays_unknown_through_a_refusal(school: School) -> None:
    school.directory.next_calls("create", lost_request(), throttled(5))
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=10)
    await school.work()
    school.directory.put("maria.rossi@students.north-high.example", None)
    school.now += timedelta(seconds=60)
    await school.work()
    assert len(school.directory.accounts) == 1


async def test_a_profile_that_is_refused_fails_for_good_and_is_reported_once(school: School) -> None:
    fault = GiveUp("The provider refuses the request's content.", reason=Reason.INVALID_PROFILE)
    school.directory.next_calls("create", refused(fault))
    school.enrol()
    await school.work_until_settled()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["step"], failure["reason"], failure["final"]) == ("create", "invalid_profile", True)
    assert school.ledger.dispositions() == {"S1/1": Disposition.FAILED}


async def test_a_newer_event_tries_a_failed_student_again(school: School) -> None:
    fault = GiveUp("The provider refuses the request's content.", reason=Reason.INVALID_PROFILE)
    school.directory.next_calls("create", refused(fault))
    school.enrol()
    await school.work_until_settled()
    school.enrol(version=2)
    await school.work_until_settled()
    assert school.ledger.dispositions() == {"S1/1": Disposition.FAILED, "S1/2": Disposition.APPLIED}


async def test_an_attempt_whose_password_cannot_be_opened_waits_for_its_key(school: School) -> None:
    whole = school.vault
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.vault = Vault([("another", bytes(range(32)))])
    school.now += timedelta(seconds=60)
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == (Reason.CREDENTIAL_UNREADABLE, False)
    school.vault = whole
    await school.work_until_settled()
    assert len(set(school.directory.bodies)) == 1
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_where_attempts_bore_different_passwords_none_is_mailed_that_may_be_wrong(school: School) -> None:
    school.directory.next_calls("create", lost_answer(), lost_request())
    school.directory.hides_new_accounts = True
    school.enrol()
    await school.work()
    school.now += timedelta(hours=73)
    await school.work()
    school.account().hidden = False
    await school.work_until_settled()
    assert len({password for _, password in school.directory.bodies}) == 2
    (mail,) = school.mailer.to("maria@home.example")
    assert school.account().password in mail.text


async def test_an_expired_password_of_an_unknown_attempt_is_not_used_again(school: School) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol()
    await school.work()
    school.now += timedelta(hours=73)
    await school.work_until_settled()
    passwords = [password for _, password in school.directory.bodies]
    assert len(set(passwords)) == 2
    assert school.account().password == passwords[-1]


@pytest.mark.parametrize(("after", "seconds"), [(None, 1), (30.0, 30)])
async def test_a_throttled_creation_makes_the_whole_tenant_wait(
    school: School, after: float | None, seconds: float
) -> None:
    school.directory.next_calls("create", throttled(after))
    school.enrol("S1")
    school.enrol("S2")
    await school.work()
    assert len(school.directory.bodies) == 1
    school.now += timedelta(seconds=seconds - 0.1)
    await school.work()
    assert len(school.directory.bodies) == 1
    await school.work_until_settled()
    assert len(school.directory.accounts) == 2
