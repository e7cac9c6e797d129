"""What is corrected after a definite refusal is what is sent; nothing changes while an attempt may still be carried out."""

from datetime import timedelta

from consumer.errors import GiveUp, Hold, NotYet, Reason
from consumer.events import Provider
from testbed.fakes.directory import FakeDirectory
from testbed.fakes.mishaps import lost_answer, lost_request, refused
from tests.provisioning.conftest import VERIFY_AFTER, School

REFUSED = refused(GiveUp("The provider refuses the name.", reason=Reason.INVALID_PROFILE))
NO_DOMAIN = refused(Hold("The domain is not verified.", reason=Reason.DOMAIN_NOT_VERIFIED))


def sent(directory: FakeDirectory) -> list[tuple[str, str]]:
    return [(body.address, body.given_name) for body, _ in directory.bodies]


async def test_a_name_that_the_sis_corrected_is_what_is_sent(school: School) -> None:
    school.directory.next_calls("create", REFUSED)
    school.enrol(given_name="Mari4")
    await school.work_until_settled()
    school.enrol(version=2, given_name="Maria")
    await school.work()
    assert sent(school.directory) == [
        ("mari4.rossi@students.north-high.example", "Mari4"),
        ("maria.rossi@students.north-high.example", "Maria"),
    ]


async def test_an_address_that_is_no_candidate_any_more_is_free_for_others(school: School) -> None:
    school.directory.next_calls("create", REFUSED)
    school.enrol("S1", given_name="Nora")
    await school.work_until_settled()
    school.enrol("S1", version=2, given_name="Maria")
    await school.work()
    school.enrol("S2", given_name="Nora")
    await school.work()
    assert school.account("S2").found.address == "nora.rossi@students.north-high.example"


async def test_an_address_that_still_is_a_candidate_is_kept(school: School) -> None:
    school.directory.put("maria.rossi@students.north-high.example", "another's")
    school.directory.next_calls("create", None, NO_DOMAIN)
    school.enrol()
    await school.work()
    school.now += timedelta(hours=1)
    await school.work()
    assert [address for address, _ in sent(school.directory)] == [
        "maria.rossi@students.north-high.example",
        "maria.rossi2@students.north-high.example",
        "maria.rossi2@students.north-high.example",
    ]


async def test_a_domain_that_the_institution_corrected_is_what_is_sent(school: School) -> None:
    school.directory.next_calls("create", NO_DOMAIN)
    school.enrol()
    await school.work()
    addresses = school.tenant.addresses.model_copy(update={"domain": "pupils.north-high.example"})
    school.tenant = school.tenant.model_copy(update={"addresses": addresses})
    school.now += timedelta(hours=1)
    await school.work()
    assert school.account().found.address == "maria.rossi@pupils.north-high.example"


async def test_an_organisational_unit_that_was_corrected_is_what_is_sent() -> None:
    school = School(Provider.GOOGLE)
    unit = Hold("No such organisational unit.", reason=Reason.ORG_UNIT_MISSING)
    school.directory.next_calls("create", refused(unit))
    for path in ("/Typo", "/Students"):
        rules = (school.tenant.rules[0].model_copy(update={"org_unit": path, "licences": ()}),)
        school.tenant = school.tenant.model_copy(update={"rules": rules})
        school.enrol()
        await school.work()
        school.now += timedelta(hours=1)
    assert [body.org_unit for body, _ in school.directory.bodies] == ["/Typo", "/Students"]


async def test_a_new_organisational_unit_that_does_not_show_yet_is_tried_again_and_reported_to_no_one() -> None:
    school = School(Provider.GOOGLE)
    hidden = NotYet("Google does not show the organisational unit yet.", reason=Reason.ORG_UNIT_MISSING)
    school.directory.next_calls("create", refused(hidden), refused(hidden))
    school.enrol()
    await school.work_until_settled()
    assert len(school.directory.accounts) == 1
    assert school.outcomes("AccountProvisioningFailed") == []


async def test_while_an_attempt_may_still_be_carried_out_the_same_is_sent(school: School) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol(given_name="Mari4")
    await school.work()
    school.enrol(version=2, given_name="Maria")
    school.now += timedelta(seconds=VERIFY_AFTER - 10)
    await school.work()
    assert len(set(sent(school.directory))) == 1


async def test_when_no_attempt_can_be_carried_out_any_more_the_correction_is_sent(school: School) -> None:
    school.directory.next_calls("create", lost_request())
    school.enrol(given_name="Mari4")
    await school.work()
    school.enrol(version=2, given_name="Maria")
    school.now += timedelta(seconds=VERIFY_AFTER + 10)
    await school.work()
    assert school.account().found.address == "maria.rossi@students.north-high.example"


async def test_where_a_directory_may_drop_markers_what_an_attempt_may_have_made_is_not_left_behind(
    school: School,
) -> None:
    school.directory.keeps_markers, school.directory.drops_markers = False, True
    school.directory.next_calls("create", lost_answer())
    school.enrol(given_name="Mari4")
    await school.work()
    school.enrol(version=2, given_name="Maria")
    await school.work_until_settled(days=1)
    assert len(school.directory.accounts) == 1
    assert school.outcomes("AccountProvisioningFailed")[-1]["reason"] == Reason.ACCOUNT_CONFLICT


async def test_an_address_that_one_provider_refuses_is_given_up_at_both() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.MICROSOFT].put("maria.rossi@students.north-high.example", None)
    school.enrol()
    await school.work_until_settled()
    assert {one["account"]["sign_in_name"] for one in school.outcomes("AccountProvisioned")} == {
        "maria.rossi2@students.north-high.example"
    }


async def test_an_address_at_which_the_other_provider_has_made_the_account_stays_there() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.GOOGLE].put("maria.rossi@students.north-high.example", None)
    school.enrol()
    await school.work_until_settled()
    assert school.account().found.address == "maria.rossi@students.north-high.example"


async def test_an_account_keeps_its_address_whatever_its_names_would_give_today(school: School) -> None:
    school.enrol()
    await school.work()
    school.enrol(version=2, given_name="Nora")
    school.tenant = school.tenant.model_copy(
        update={"addresses": school.tenant.addresses.model_copy(update={"patterns": ("{student_id}",)})}
    )
    await school.work()
    assert school.account().found.address == "maria.rossi@students.north-high.example"
    assert len(school.directory.bodies) == 1
