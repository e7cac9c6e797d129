"""A tenant whose accounts follow the rules and the students' names, and what people have changed by hand."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consumer.errors import GiveUp, Hold, NotYet, Reason, Unavailable
from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from consumer.policy.profile import ProfilePart
from consumer.tenants import OnChange, Rule
from testbed.fakes.mishaps import lost_answer, lost_request, refused
from tests.provisioning.conftest import VERIFY_AFTER, School

GIVEN, FAMILY, DISPLAY, LANGUAGE = ProfilePart
ALL, SEVENTH, EIGHTH = "all", "seventh", "eighth"
BASE, UPPER = "sku-base", "sku-upper"


def rules(provider: Provider) -> tuple[Rule, ...]:
    return (
        Rule(licences=(BASE,), groups={provider: (ALL,)}, org_unit="/Students"),
        Rule(when={"grade": ("7",)}, groups={provider: (SEVENTH,)}, org_unit="/Students/7"),
        Rule(when={"grade": ("8",)}, groups={provider: (EIGHTH,)}, licences=(UPPER,), org_unit="/Students/8"),
    )


async def enrolled_at(provider: Provider, on_change: OnChange = OnChange.FOLLOW) -> School:
    school = School(provider)
    school.configure(rules=rules(provider), on_change=on_change)
    school.enrol()
    await school.work_until_settled()
    school.directory.calls.clear()
    return school


@pytest.fixture
async def enrolled() -> School:
    """A student of grade 7 with an account at Microsoft."""
    return await enrolled_at(Provider.MICROSOFT)


@pytest.fixture
async def at_google() -> School:
    """The same at Google."""
    return await enrolled_at(Provider.GOOGLE)


def account(school: School) -> Any:
    (one,) = school.directory.accounts.values()
    return one


def later(school: School) -> None:
    """Long enough that no replica is behind of our last change."""
    school.now += timedelta(seconds=VERIFY_AFTER + 1)


def changes(school: School) -> list[tuple[str, list[str], list[str]]]:
    return [(one["change"], one["parts"], one["missing"]) for one in school.outcomes("AccountChanged")]


MOVED_UP: dict[str, Any] = {"attributes": {"grade": "8"}}


async def test_groups_and_licences_that_we_gave_follow_the_rules(enrolled: School) -> None:
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    assert account(enrolled).groups == [ALL, EIGHTH]
    assert account(enrolled).licences == [BASE, UPPER]
    assert changes(enrolled) == [("updated", ["licences", "groups"], [])]
    assert enrolled.outcomes("AccountProvisioned")[-1]["groups"] == [ALL, EIGHTH]


async def test_licences_are_taken_after_others_were_given(enrolled: School) -> None:
    enrolled.enrol(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    enrolled.directory.calls.clear()
    enrolled.enrol(version=3)
    await enrolled.work_until_settled()
    assert account(enrolled).licences == [BASE]
    assert enrolled.directory.writes == ["add_to_group", "remove_licences", "remove_from_group"]


async def test_what_people_have_added_stays(enrolled: School) -> None:
    account(enrolled).groups.append("chess")
    account(enrolled).licences.append("sku-of-staff")
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    assert "chess" in account(enrolled).groups
    assert "sku-of-staff" in account(enrolled).licences


async def test_with_create_only_nothing_is_taken_and_no_name_changes() -> None:
    school = await enrolled_at(Provider.GOOGLE, OnChange.CREATE_ONLY)
    school.update(version=2, family_name="Bianchi", **MOVED_UP)
    await school.work_until_settled()
    assert account(school).groups == [ALL, SEVENTH, EIGHTH]
    assert account(school).found.org_unit == "/Students/7"
    assert account(school).found.profile[FAMILY] == "Rossi"
    assert changes(school) == []


async def test_names_and_language_follow_the_newest_event(enrolled: School) -> None:
    enrolled.update(version=2, family_name="Bianchi", preferred_language="it")
    await enrolled.work_until_settled()
    assert account(enrolled).found.profile == {
        GIVEN: "Maria",
        FAMILY: "Bianchi",
        DISPLAY: "Maria Bianchi",
        LANGUAGE: "it",
    }
    assert enrolled.directory.writes == ["update"]
    assert changes(enrolled) == [("updated", ["profile"], [])]


async def test_an_event_that_changes_nothing_writes_nothing_and_reports_no_change(enrolled: School) -> None:
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.calls == ["read", "groups_of"]
    assert changes(enrolled) == []


async def test_a_name_that_people_have_changed_stays_and_the_others_follow(enrolled: School) -> None:
    account(enrolled).say({GIVEN: "Mary"})
    enrolled.update(version=2, given_name="Mariana", family_name="Bianchi")
    await enrolled.work_until_settled()
    assert account(enrolled).found.profile[GIVEN] == "Mary"
    assert account(enrolled).found.profile[FAMILY] == "Bianchi"


async def test_a_name_that_people_have_changed_to_the_wanted_one_follows_again(enrolled: School) -> None:
    account(enrolled).say({FAMILY: "Bianchi", DISPLAY: "Maria Bianchi"})
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []
    later(enrolled)
    enrolled.update(version=3, family_name="Verdi")
    await enrolled.work_until_settled()
    assert account(enrolled).found.profile[FAMILY] == "Verdi"


async def test_a_change_is_seen_before_it_is_reported(enrolled: School) -> None:
    enrolled.directory.next_calls("read", None, None, refused(Unavailable("Try again.")))
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    assert enrolled.directory.writes == ["update"]
    assert changes(enrolled) == []
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == ["update"]
    assert changes(enrolled) == [("updated", ["profile"], [])]


async def test_what_a_replica_shows_of_before_the_last_change_is_waited_out(enrolled: School) -> None:
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    account(enrolled).say({FAMILY: "Rossi", DISPLAY: "Maria Rossi"})  # a replica that lags
    enrolled.update(version=3, family_name="Verdi")
    await enrolled.work()
    assert [one["cause"]["version"] for one in enrolled.outcomes("AccountProvisioned")] == [1, 2]
    account(enrolled).say({FAMILY: "Bianchi", DISPLAY: "Maria Bianchi"})
    await enrolled.work_until_settled()
    assert account(enrolled).found.profile[FAMILY] == "Verdi"


async def test_back_to_an_earlier_name_is_written_though_a_replica_still_shows_it(enrolled: School) -> None:
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    account(enrolled).say({FAMILY: "Rossi", DISPLAY: "Maria Rossi"})  # a replica that lags
    enrolled.directory.calls.clear()
    enrolled.update(version=3)
    await enrolled.work()
    assert enrolled.directory.writes == ["update"]


@pytest.mark.parametrize("operation", ["update", "add_to_group", "remove_from_group", "assign_licences"])
async def test_a_crash_in_the_middle_is_gone_on_from(enrolled: School, operation: str) -> None:
    enrolled.update(version=2, family_name="Bianchi", **MOVED_UP)
    await enrolled.die_in(operation)
    await enrolled.work_until_settled()
    assert account(enrolled).groups == [ALL, EIGHTH]
    assert account(enrolled).licences == [BASE, UPPER]
    assert account(enrolled).found.profile[FAMILY] == "Bianchi"
    assert changes(enrolled) == [("updated", ["profile", "licences", "groups"], [])]


async def test_a_name_of_a_lost_change_is_no_one_else_s(enrolled: School) -> None:
    enrolled.directory.next_calls("update", lost_answer())
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    enrolled.update(version=3, family_name="Verdi")
    await enrolled.work_until_settled()
    assert account(enrolled).found.profile[FAMILY] == "Verdi"


async def test_a_change_that_is_carried_out_late_is_undone_by_the_verification(enrolled: School) -> None:
    enrolled.directory.next_calls("update", lost_request())
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    enrolled.update(version=3)
    await enrolled.work()
    account(enrolled).say({FAMILY: "Bianchi", DISPLAY: "Maria Bianchi"})
    await enrolled.work_until_settled()
    assert account(enrolled).found.profile[FAMILY] == "Rossi"


@pytest.mark.parametrize("late", [False, True])
async def test_a_group_that_a_superseded_attempt_may_have_given_is_left(enrolled: School, late: bool) -> None:  # noqa: FBT001
    enrolled.directory.next_calls("add_to_group", lost_request())
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work()
    enrolled.update(version=3)
    if late:
        await enrolled.work()
    account(enrolled).groups.append(EIGHTH)
    await enrolled.work_until_settled()
    assert account(enrolled).groups == [ALL, SEVENTH]
    assert enrolled.outcomes("AccountProvisioned")[-1]["groups"] == [ALL, SEVENTH]


async def test_a_group_that_was_refused_is_not_left(enrolled: School) -> None:
    enrolled.directory.next_calls("add_to_group", refused(NotYet("The account is not shown yet.")))
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work()
    enrolled.update(version=3)
    await enrolled.work_until_settled()
    assert "remove_from_group" not in enrolled.directory.calls
    assert account(enrolled).groups == [ALL, SEVENTH]
    assert ("updated", ["groups"], []) not in changes(enrolled)


async def test_a_licence_that_a_superseded_attempt_may_have_given_is_taken(enrolled: School) -> None:
    enrolled.directory.next_calls("assign_licences", lost_answer())
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work()
    assert UPPER in account(enrolled).licences
    enrolled.update(version=3)
    await enrolled.work_until_settled()
    assert account(enrolled).licences == [BASE]


async def test_a_removal_that_is_carried_out_late_is_undone_by_the_verification(enrolled: School) -> None:
    enrolled.directory.next_calls("remove_from_group", lost_request())
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work()
    enrolled.update(version=3)
    await enrolled.work()
    account(enrolled).groups.remove(SEVENTH)
    await enrolled.work_until_settled()
    assert SEVENTH in account(enrolled).groups


async def test_a_licence_that_is_used_up_is_reported_as_missing_and_none_is_taken_for_it(enrolled: School) -> None:
    enrolled.update(version=2, **MOVED_UP)
    none_left = Hold("None are left.", reason=Reason.LICENCES_EXHAUSTED)
    enrolled.directory.next_calls("assign_licences", refused(none_left))
    await enrolled.work()
    assert changes(enrolled) == [("updated", ["groups"], ["licences"])]
    await enrolled.work_until_settled()
    assert enrolled.outcomes("AccountProvisioned")[-1]["licences"] == [BASE, UPPER]


async def test_a_name_that_the_provider_refuses_is_final_and_keeps_nothing_else_waiting(enrolled: School) -> None:
    enrolled.directory.next_calls("update", refused(GiveUp("No such name.", reason=Reason.INVALID_PROFILE)))
    enrolled.update(version=2, family_name="Bianchi", **MOVED_UP)
    await enrolled.work_until_settled()
    assert account(enrolled).groups == [ALL, EIGHTH]
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert (failure["step"], failure["reason"], failure["final"]) == ("profile", "invalid_profile", True)
    assert enrolled.ledger.dispositions()["S1/2"] is Disposition.FAILED


async def test_the_unit_follows_the_rules(at_google: School) -> None:
    at_google.update(version=2, **MOVED_UP)
    await at_google.work_until_settled()
    assert account(at_google).found.org_unit == "/Students/8"
    assert ("moved", ["org_unit"], []) in changes(at_google)


async def test_an_account_that_people_have_moved_stays_there(at_google: School) -> None:
    account(at_google).found = replace(account(at_google).found, org_unit="/Staff")
    at_google.update(version=2, **MOVED_UP)
    await at_google.work_until_settled()
    assert account(at_google).found.org_unit == "/Staff"


async def test_google_keeps_no_display_name_of_its_own(at_google: School) -> None:
    at_google.update(version=2, preferred_name="Mimi")
    await at_google.work_until_settled()
    assert "update" not in at_google.directory.calls


async def test_who_returns_to_another_class_is_opened_moved_and_updated(at_google: School) -> None:
    at_google.configure(suspension=at_google.tenant.suspension.model_copy(update={"org_unit": "/Leavers"}))
    at_google.suspend(version=2)
    await at_google.work_until_settled()
    at_google.enrol(version=3, **MOVED_UP)
    await at_google.work_until_settled()
    assert account(at_google).found.org_unit == "/Students/8"
    assert [what for what, *_ in changes(at_google)] == ["suspended", "reactivated", "updated", "moved"]


async def test_an_administrator_s_account_is_not_changed(enrolled: School) -> None:
    account(enrolled).privileged = True
    enrolled.update(version=2, family_name="Bianchi")
    await enrolled.work()
    assert "update" not in enrolled.directory.calls
    (failure,) = enrolled.outcomes("AccountProvisioningFailed")
    assert failure["reason"] == "privileged_account"


async def test_a_restored_account_loses_the_groups_of_its_old_class(enrolled: School) -> None:
    account(enrolled).delete()
    enrolled.enrol(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    assert account(enrolled).groups == [ALL, EIGHTH]


async def test_what_was_given_with_create_only_is_taken_when_the_tenant_follows() -> None:
    school = await enrolled_at(Provider.MICROSOFT, OnChange.CREATE_ONLY)
    school.configure(on_change=OnChange.FOLLOW)
    school.update(version=2, **MOVED_UP)
    await school.work_until_settled()
    assert account(school).groups == [ALL, EIGHTH]
