"""A tenant whose accounts' addresses follow the students' names, and what is in the way of that."""

from datetime import timedelta

import pytest

from consumer.errors import AddressTaken, GiveUp, Hold, Reason, Unavailable
from consumer.events import Provider, StepName
from consumer.ledger.port.guard import Decision, Verdict
from consumer.policy.guard import Guarded
from consumer.policy.marker import marker
from consumer.policy.profile import ProfilePart
from consumer.tenants import Addresses, Guard, GuardedAction, OnChange, Rename
from testbed.fakes.directory import FakeAccount
from testbed.fakes.mailer import unreachable
from testbed.fakes.mishaps import lost_answer, lost_request, refused
from tests.provisioning.conftest import MARK, TENANT, VERIFY_AFTER, School

STUDENTS = ("Ada", "Bea", "Cora")
ROSSI, BIANCHI, VERDI = (f"maria.{name}@students.north-high.example" for name in ("rossi", "bianchi", "verdi"))


def renaming(school: School, rename: Rename = Rename.ALIAS) -> Addresses:
    return school.tenant.addresses.model_copy(update={"rename": rename})


def configured(*providers: Provider, rename: Rename = Rename.ALIAS, on_change: OnChange = OnChange.FOLLOW) -> School:
    school = School(*providers)
    school.configure(rules=(), on_change=on_change, addresses=renaming(school, rename))
    return school


async def enrolled_at(
    *providers: Provider, rename: Rename = Rename.ALIAS, on_change: OnChange = OnChange.FOLLOW
) -> School:
    school = configured(*providers, rename=rename, on_change=on_change)
    school.enrol()
    await school.work_until_settled()
    for directory in school.directories.values():
        directory.calls.clear()
    return school


@pytest.fixture
async def enrolled() -> School:
    """A student with an account at Microsoft."""
    return await enrolled_at(Provider.MICROSOFT)


def account(school: School) -> FakeAccount:
    (one,) = school.directory.marked(MARK)
    return one


def address_of(school: School, student_id: str, provider: Provider = Provider.MICROSOFT) -> str:
    (one,) = school.directories[provider].marked(marker(provider, TENANT, student_id))
    return one.found.address


def later(school: School) -> None:
    """Long enough that no replica is behind of our last change."""
    school.now += timedelta(seconds=VERIFY_AFTER + 1)


def changes(school: School) -> list[tuple[str, list[str]]]:
    return [(one["change"], one["parts"]) for one in school.outcomes("AccountChanged")]


async def marry(school: School, family: str = "Bianchi", *, version: int = 2) -> None:
    school.update(version=version, family_name=family)
    await school.work_until_settled()


async def test_a_changed_name_gives_the_account_its_address(enrolled: School) -> None:
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI
    assert account(enrolled).aliases == [ROSSI]
    assert enrolled.directory.writes == ["rename", "update"]
    assert changes(enrolled) == [("updated", ["profile"]), ("renamed", ["address"])]
    assert enrolled.outcomes("AccountProvisioned")[-1]["account"]["sign_in_name"] == BIANCHI


async def test_a_name_that_is_changed_back_before_it_was_written_gives_the_former_address_back(
    enrolled: School,
) -> None:
    enrolled.directory.next_calls("update", refused(Unavailable("The vendor is not responding.")))
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    assert address_of(enrolled, "S1") == BIANCHI
    await marry(enrolled, "Rossi", version=3)
    assert address_of(enrolled, "S1") == ROSSI


@pytest.mark.parametrize(
    ("rename", "on_change"), [(Rename.NEVER, OnChange.FOLLOW), (Rename.ALIAS, OnChange.CREATE_ONLY)]
)
async def test_unless_the_tenant_wants_it_the_address_stays(rename: Rename, on_change: OnChange) -> None:
    school = await enrolled_at(Provider.MICROSOFT, rename=rename, on_change=on_change)
    await marry(school)
    assert address_of(school, "S1") == ROSSI
    assert "rename" not in school.directory.calls


async def test_an_address_that_the_new_name_gives_too_stays(enrolled: School) -> None:
    enrolled.update(version=2, family_name="Róssi")
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == ["update"]


async def test_a_changed_pattern_alone_renames_no_account(enrolled: School) -> None:
    addresses = enrolled.tenant.addresses.model_copy(update={"patterns": ("{family}.{given}",)})
    enrolled.configure(addresses=addresses)
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []


async def test_an_adopted_account_keeps_its_address() -> None:
    school = configured()
    names = dict.fromkeys(ProfilePart, "Maria")
    school.directory.put(ROSSI, MARK).say(names)
    school.enrol()
    await school.work_until_settled()
    later(school)
    await marry(school)
    assert address_of(school, "S1") == ROSSI
    assert "rename" not in school.directory.calls


async def test_all_accounts_of_a_student_get_the_same_address() -> None:
    school = await enrolled_at(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.GOOGLE].put(BIANCHI, "another")
    school.enrol("S2", family_name="Bianchi")
    await school.work_until_settled()
    await marry(school)
    assert address_of(school, "S1") == address_of(school, "S1", Provider.GOOGLE)


async def test_two_names_in_a_row_give_all_accounts_the_address_of_the_newest() -> None:
    school = await enrolled_at(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.MICROSOFT].next_calls("is_privileged", refused(Unavailable("Later.")))
    school.directories[Provider.GOOGLE].next_calls("read", refused(Unavailable("Later.")))
    school.update(version=2, family_name="Bianchi")
    await school.work()
    await marry(school, "Verdi", version=3)
    assert address_of(school, "S1", Provider.MICROSOFT) == address_of(school, "S1", Provider.GOOGLE) == VERDI


async def test_the_address_of_an_account_that_was_never_made_is_lent_to_no_other_under_another_name() -> None:
    school = configured(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.MICROSOFT].next_calls("find_marked", *[refused(Unavailable("Later."))] * 2)
    school.directories[Provider.GOOGLE].next_calls("create", *[refused(Unavailable("Later."))] * 2)
    school.enrol()
    await school.work()
    school.enrol(version=2, family_name="Bianchi")
    await school.work_until_settled()
    assert address_of(school, "S1", Provider.MICROSOFT) == address_of(school, "S1", Provider.GOOGLE) == BIANCHI


async def test_an_account_that_is_made_meanwhile_gets_the_new_address_too() -> None:
    school = configured(Provider.MICROSOFT, Provider.GOOGLE)
    school.directories[Provider.GOOGLE].next_calls("create", refused(Unavailable("Later.")))
    school.enrol()
    await school.work()
    school.enrol(version=2, family_name="Bianchi")
    await school.work_until_settled()
    assert address_of(school, "S1", Provider.MICROSOFT) == address_of(school, "S1", Provider.GOOGLE) == BIANCHI


async def test_an_address_that_was_reserved_for_the_former_name_and_never_used_is_given_back_everywhere() -> None:
    school = configured(Provider.MICROSOFT, Provider.GOOGLE)
    school.enrol()
    (job,) = await school.claim()  # its worker dies behind the reservation
    await school.ledger.reserve(job.lease, [Provider.MICROSOFT, Provider.GOOGLE], [ROSSI])
    later(school)
    school.enrol(version=2, family_name="Bianchi")
    await school.work_until_settled()
    assert address_of(school, "S1", Provider.MICROSOFT) == address_of(school, "S1", Provider.GOOGLE) == BIANCHI


async def test_an_account_beside_one_that_keeps_its_address_gets_that() -> None:
    school = configured(Provider.MICROSOFT, Provider.GOOGLE, rename=Rename.NEVER)
    school.directories[Provider.GOOGLE].next_calls("find_marked", refused(Unavailable("Later.")))
    school.enrol()
    await school.work()
    school.enrol(version=2, family_name="Bianchi")
    await school.work_until_settled()
    assert address_of(school, "S1", Provider.MICROSOFT) == address_of(school, "S1", Provider.GOOGLE) == ROSSI


async def test_a_taken_address_is_passed_over(enrolled: School) -> None:
    enrolled.directory.put(BIANCHI, "another")
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI.replace("@", "2@")


async def test_no_account_is_renamed_while_a_creation_may_still_make_another() -> None:
    school = configured()
    school.directory.next_calls("create", lost_answer())
    school.enrol()
    await school.work()
    began = school.now
    await marry(school)
    assert address_of(school, "S1") == BIANCHI
    assert (school.now - began).total_seconds() >= VERIFY_AFTER


async def test_an_address_that_is_taken_for_a_while_is_waited_for(enrolled: School) -> None:
    taken = refused(AddressTaken())
    enrolled.directory.next_calls("rename", taken, taken)
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI


async def test_one_whose_holder_is_never_shown_is_passed_over(enrolled: School) -> None:
    enrolled.directory.put(BIANCHI, "a group").hidden = True
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI.replace("@", "2@")


async def test_the_former_address_is_given_to_no_other_student(enrolled: School) -> None:
    enrolled.directory.keeps_former_addresses = False
    await marry(enrolled)
    enrolled.enrol("S2")
    await enrolled.work_until_settled()
    assert address_of(enrolled, "S2") == ROSSI.replace("@", "2@")


async def test_a_student_who_gets_the_former_name_back_gets_the_former_address_back(enrolled: School) -> None:
    await marry(enrolled)
    later(enrolled)
    await marry(enrolled, "Rossi", version=3)
    assert address_of(enrolled, "S1") == ROSSI
    assert account(enrolled).aliases == [BIANCHI]


async def test_an_address_that_people_have_given_stays(enrolled: School) -> None:
    account(enrolled).rename("m.rossi@students.north-high.example", keeps_former=True)
    later(enrolled)
    await marry(enrolled)
    assert enrolled.directory.writes == ["update"]
    enrolled.enrol("S2", family_name="Bianchi")
    await enrolled.work_until_settled()
    assert address_of(enrolled, "S2") == BIANCHI


async def test_what_people_have_renamed_as_wanted_is_known(enrolled: School) -> None:
    account(enrolled).rename(BIANCHI, keeps_former=True)
    later(enrolled)
    await marry(enrolled)
    assert enrolled.directory.writes == ["update"]
    assert enrolled.outcomes("AccountProvisioned")[-1]["account"]["sign_in_name"] == BIANCHI


async def test_a_lost_rename_is_made_sure_of(enrolled: School) -> None:
    enrolled.directory.next_calls("rename", lost_answer())
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI
    assert changes(enrolled)[-1] == ("renamed", ["address"])


async def test_a_rename_that_never_arrived_is_repeated(enrolled: School) -> None:
    enrolled.directory.next_calls("rename", lost_request())
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI


async def test_a_rename_for_an_earlier_name_is_waited_for(enrolled: School) -> None:
    enrolled.directory.next_calls("rename", lost_request())
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    enrolled.update(version=3, family_name="Verdi")
    began = enrolled.now
    await enrolled.work_until_settled()
    assert address_of(enrolled, "S1") == VERDI
    assert (enrolled.now - began).total_seconds() >= VERIFY_AFTER
    enrolled.enrol("S2", family_name="Bianchi")
    await enrolled.work_until_settled()
    assert address_of(enrolled, "S2") == BIANCHI


async def test_a_rename_that_was_refused_for_a_while_ends_with_the_name_of_before(enrolled: School) -> None:
    enrolled.directory.next_calls("rename", refused(Unavailable("Later.")))
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    await marry(enrolled, "Rossi", version=3)
    assert "update" not in enrolled.directory.writes
    assert address_of(enrolled, "S1") == ROSSI
    enrolled.enrol("S2")
    await enrolled.work_until_settled()
    assert address_of(enrolled, "S2") == ROSSI.replace("@", "2@")


async def test_a_refused_rename_keeps_neither_the_names_nor_the_news_back(enrolled: School) -> None:
    enrolled.directory.next_calls("rename", refused(GiveUp("No.", reason=Reason.INVALID_PROFILE)))
    await marry(enrolled)
    assert account(enrolled).found.profile[ProfilePart.FAMILY_NAME] == "Bianchi"
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert (failure["step"], failure["final"]) == (StepName.RENAME, True)
    assert enrolled.outcomes("AccountProvisioned")[-1]["account"]["sign_in_name"] == ROSSI
    await marry(enrolled, version=3)
    assert address_of(enrolled, "S1") == BIANCHI


async def test_a_rename_that_a_person_must_allow_comes_after_that(enrolled: School) -> None:
    enrolled.directory.next_calls("rename", refused(Hold("No permission.", reason=Reason.CONSENT_MISSING)))
    await marry(enrolled)
    assert address_of(enrolled, "S1") == BIANCHI
    assert [one["account"]["sign_in_name"] for one in enrolled.outcomes("AccountProvisioned")] == [
        ROSSI,
        ROSSI,
        BIANCHI,
    ]


async def test_a_mail_that_is_sent_later_names_the_new_address() -> None:
    school = configured()
    school.mailer.next_sends(unreachable())
    school.enrol()
    await school.work()
    await marry(school)
    (mail,) = school.mailer.to("maria@home.example")
    assert BIANCHI in mail.text


@pytest.fixture
async def renamed() -> School:
    """Three students whose names have changed, at a tenant that lets one account be renamed."""
    school = School()
    one = GuardedAction(accounts=1, percent=0)
    school.configure(rules=(), on_change=OnChange.FOLLOW, addresses=renaming(school), guard=Guard(rename_account=one))
    for student in STUDENTS:
        school.enrol(student, given_name=student)
    await school.work_until_settled()
    for student in STUDENTS:
        school.update(student, version=2, given_name=student, family_name="Bianchi")
    await school.work()
    return school


def are_renamed(school: School) -> int:
    return sum("bianchi" in address_of(school, student) for student in STUDENTS)


def decide(school: School, verdict: Verdict) -> int:
    last = school.ledger.parked_actions()[-1].number
    return school.ledger.decide(Decision(TENANT, Guarded.RENAME_ACCOUNT, last, verdict, "op", ""))


async def test_beyond_the_guards_limit_the_names_are_written_and_the_address_waits(renamed: School) -> None:
    assert are_renamed(renamed) == 1
    assert renamed.directory.calls.count("update") == 3
    failures = renamed.outcomes("AccountProvisioningFailed")
    assert {(one["step"], one["reason"], one["final"]) for one in failures} == {
        (StepName.RENAME, Reason.GUARD_PARKED, False)
    }
    renamed.directory.calls.clear()
    await renamed.work_until_settled(days=1)
    assert renamed.directory.calls == []


async def test_what_a_person_approves_is_renamed(renamed: School) -> None:
    assert decide(renamed, Verdict.APPROVED) == 2
    await renamed.work_until_settled()
    assert are_renamed(renamed) == 3
    assert len({address_of(renamed, student) for student in STUDENTS}) == 3


async def test_what_a_person_rejects_keeps_its_address_and_is_not_asked_for_again(renamed: School) -> None:
    decide(renamed, Verdict.REJECTED)
    await renamed.work_until_settled()
    renamed.directory.calls.clear()
    for student in STUDENTS:
        renamed.update(student, version=3, given_name=student, family_name="Bianchi")
    await renamed.work_until_settled()
    assert are_renamed(renamed) == 1
    assert "rename" not in renamed.directory.calls
