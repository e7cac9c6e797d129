"""The second look: after anything was lost sight of, the account is looked at once more, and made what the ledger says."""

from dataclasses import replace
from datetime import timedelta

from consumer.errors import GiveUp, Reason, Unavailable
from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from testbed.fakes.mishaps import lost_answer, lost_request, refused
from tests.provisioning.conftest import MARK, VERIFY_AFTER, School
from tests.provisioning.steps.test_grants import GROUP, SKU

ADDRESS = "maria.rossi@students.north-high.example"
HOME = "maria@home.example"


async def settled_unsure(school: School) -> None:
    """A student whose event is settled, and whose creation was lost sight of on the way."""
    school.directory.next_calls("create", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}
    school.directory.calls.clear()


async def look(school: School) -> None:
    school.now += timedelta(seconds=VERIFY_AFTER + 1)
    await school.work()


def found(school: School) -> dict[str, float]:
    """How often a second look has found what."""
    samples = [sample for metric in school.metrics.verifications.collect() for sample in metric.samples]
    return {one.labels["found"]: one.value for one in samples if one.name.endswith("_total")}


async def test_an_account_of_which_everything_is_known_is_not_looked_at_again(school: School) -> None:
    school.enrol()
    await school.work()
    assert await school.seconds_to_next() is None


async def test_after_a_lost_answer_the_account_is_looked_at_once_more_and_only_once(school: School) -> None:
    await settled_unsure(school)
    assert await school.seconds_to_next() == VERIFY_AFTER
    await look(school)
    assert school.directory.calls == ["find_marked"]
    assert found(school) == {"sure": 1}
    assert await school.seconds_to_next() is None


async def test_after_a_crash_the_account_is_looked_at_once_more(school: School) -> None:
    school.enrol()
    await school.die_in("create")
    await school.work()
    await look(school)
    assert found(school) == {"sure": 1}
    assert await school.seconds_to_next() is None


async def test_a_verification_publishes_nothing_and_writes_no_mail(school: School) -> None:
    await settled_unsure(school)
    before = len(school.ledger.outcomes()), len(school.mailer.attempts)
    await look(school)
    assert (len(school.ledger.outcomes()), len(school.mailer.attempts)) == before
    assert len(school.directory.accounts) == 1


async def test_an_account_whose_marker_could_not_be_settled_is_marked(school: School) -> None:
    school.directory.drops_markers = True
    school.enrol()
    await school.work()
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}
    assert school.directory.marked(MARK) == []
    await look(school)
    assert school.account().found.address == ADDRESS
    assert found(school) == {"marked": 1}
    assert await school.seconds_to_next() is None


async def test_a_marker_that_searches_do_not_show_yet_is_not_written_again(school: School) -> None:
    school.directory.drops_markers = True
    school.directory.next_calls("add_to_group", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    school.directory.next_calls("add_to_group", refused(Unavailable("Later.")))
    await look(school)
    assert school.directory.writes.count("mark") == 1
    school.account().found = replace(school.account().found, marker=None)
    school.now += timedelta(seconds=30)
    await school.work()
    assert school.directory.writes.count("mark") == 1


async def test_a_marker_whose_answer_is_lost_is_made_sure_of(school: School) -> None:
    school.directory.drops_markers = True
    school.directory.next_calls("mark", lost_request())
    school.enrol()
    await school.work_until_settled()
    school.account()
    assert len(school.directory.accounts) == 1


async def test_a_marker_that_is_refused_waits_for_a_person(school: School) -> None:
    school.directory.drops_markers = True
    fault = GiveUp("The provider refuses the request's content.", reason=Reason.INVALID_PROFILE)
    school.directory.next_calls("mark", refused(fault))
    school.enrol()
    await school.work()
    await look(school)
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["step"], failure["reason"], failure["final"]) == ("create", "invalid_profile", False)


async def test_a_creation_that_turned_up_late_beside_ours_waits_for_a_person(school: School) -> None:
    await settled_unsure(school)
    school.directory.put("maria.rossi2@students.north-high.example", MARK)
    await look(school)
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["reason"], failure["final"]) == (Reason.ACCOUNT_CONFLICT, False)
    assert found(school) == {"conflict": 1}
    assert school.directory.calls == ["find_marked"]
    assert await school.seconds_to_next() is not None


async def test_another_account_with_the_marker_is_not_taken_for_the_students(school: School) -> None:
    await settled_unsure(school)
    ours = school.account()
    ours.found = replace(ours.found, marker=None)
    school.directory.put("maria.rossi2@students.north-high.example", MARK)
    await look(school)
    assert [one["reason"] for one in school.outcomes("AccountProvisioningFailed")] == [Reason.ACCOUNT_CONFLICT]
    assert ours.found.marker is None


async def test_an_account_that_someone_else_has_marked_is_left_alone(school: School) -> None:
    await settled_unsure(school)
    ours = school.account()
    ours.found = replace(ours.found, marker="teacher-7")
    await look(school)
    assert [one["reason"] for one in school.outcomes("AccountProvisioningFailed")] == [Reason.ACCOUNT_CONFLICT]
    assert ours.found.marker == "teacher-7"


async def test_an_adopted_account_that_lost_its_marker_is_left_alone(school: School) -> None:
    account = school.directory.put(ADDRESS, MARK)
    school.directory.next_calls("assign_licences", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    account.found = replace(account.found, marker=None)
    await look(school)
    assert [one["reason"] for one in school.outcomes("AccountProvisioningFailed")] == [Reason.ACCOUNT_CONFLICT]
    assert "mark" not in school.directory.calls


async def test_an_account_that_is_gone_waits_for_a_person_and_is_not_made_again(school: School) -> None:
    await settled_unsure(school)
    school.directory.accounts.clear()
    await school.work_until_settled(days=1)
    assert [one["reason"] for one in school.outcomes("AccountProvisioningFailed")] == [Reason.ACCOUNT_MISSING]
    assert "create" not in school.directory.calls


async def test_a_refused_creation_that_was_carried_out_before_is_the_students_account(school: School) -> None:
    fault = GiveUp("The provider refuses the request's content.", reason=Reason.INVALID_PROFILE)
    school.directory.next_calls("create", lost_answer(), refused(fault))
    school.directory.hides_new_accounts = True
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    assert school.ledger.dispositions() == {"S1/1": Disposition.FAILED}
    school.account().hidden = False
    await look(school)
    (provisioned,) = school.outcomes("AccountProvisioned")
    assert (provisioned["account"]["origin"], provisioned["licences"]) == ("created", [SKU])
    (mail,) = school.mailer.to(HOME)
    assert school.account().password in mail.text
    assert found(school) == {"late": 1}
    assert await school.seconds_to_next() is None


async def test_a_refused_creation_that_was_never_carried_out_stays_refused(school: School) -> None:
    fault = GiveUp("The provider refuses the request's content.", reason=Reason.INVALID_PROFILE)
    school.directory.next_calls("create", lost_request(), refused(fault))
    school.enrol()
    await school.work_until_settled()
    assert school.ledger.dispositions() == {"S1/1": Disposition.FAILED}
    assert len(school.outcomes("AccountProvisioningFailed")) == 1
    assert school.directory.accounts == {}


async def test_grants_that_were_lost_sight_of_are_given_again_and_others_are_not(school: School) -> None:
    school.directory.next_calls("assign_licences", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    school.account().licences.clear()
    school.directory.calls.clear()
    await look(school)
    assert school.directory.calls == ["find_marked", "assign_licences"]
    assert (school.account().licences, school.account().groups) == ([SKU], [GROUP])


async def test_a_newer_event_is_dealt_with_first_and_the_account_looked_at_afterwards(school: School) -> None:
    await settled_unsure(school)
    school.enrol(version=2)
    await school.work()
    assert school.directory.writes == []
    assert len(school.outcomes("AccountProvisioned")) == 2
    school.directory.calls.clear()
    await look(school)
    assert school.directory.calls == ["find_marked"]


async def test_a_second_look_that_meets_an_outage_is_tried_again(school: School) -> None:
    await settled_unsure(school)
    school.directory.next_calls("find_marked", refused(Unavailable("Out of order.")), refused(Unavailable("Still.")))
    await school.work_until_settled()
    assert school.directory.calls == ["find_marked"] * 3
    assert found(school) == {"sure": 1}


async def test_only_the_provider_of_which_something_is_unsure_is_asked() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    await settled_unsure(school)
    school.directories[Provider.GOOGLE].calls.clear()
    await look(school)
    assert school.directory.calls == ["find_marked"]
    assert school.directories[Provider.GOOGLE].calls == []


async def test_a_second_look_counts_no_event_as_settled_again(school: School) -> None:
    await settled_unsure(school)
    await look(school)
    settled = school.metrics.registry.get_sample_value(
        "provisioner_settled_total", {"tenant": "north-high", "disposition": "applied"}
    )
    assert settled == 1
