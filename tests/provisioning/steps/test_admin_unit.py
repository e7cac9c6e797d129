"""The administrative unit: an account is put into the one that the rules give before it is announced, and follows them from there."""

from typing import Any

import pytest

from consumer.errors import Hold, NotYet, Reason, Scope
from consumer.events import Provider
from consumer.ledger.port.inbox import Disposition
from consumer.tenants import Announce, OnChange, Rule
from testbed.fakes.mishaps import lost_answer, lost_request, refused
from tests.provisioning.conftest import TENANT, School

SEVENTH, EIGHTH = (f"{n}babcaad-604b-40ac-a9d7-9fd97c0b779f" for n in (7, 8))
RULES = tuple(Rule(when={"grade": (grade,)}, admin_unit=unit) for grade, unit in (("7", SEVENTH), ("8", EIGHTH)))
MOVED_UP: dict[str, Any] = {"attributes": {"grade": "8"}}
UNIT_CALLS = {"join_admin_unit", "leave_admin_unit"}


def configured(on_change: OnChange) -> School:
    school = School(Provider.MICROSOFT)
    school.configure(rules=RULES, on_change=on_change)
    return school


@pytest.fixture
def school() -> School:
    """Its accounts follow the rules."""
    return configured(OnChange.FOLLOW)


def changes(school: School) -> list[tuple[str, list[str], list[str]]]:
    return [(one["change"], one["parts"], one["missing"]) for one in school.outcomes("AccountChanged")]


async def test_a_new_account_is_put_into_the_unit_that_the_rules_give(school: School) -> None:
    school.enrol()
    await school.work()
    assert school.account().admin_units == [SEVENTH]
    assert len(school.outcomes("AccountProvisioned")) == 1


async def test_an_account_to_which_no_rule_gives_a_unit_is_put_into_none(school: School) -> None:
    school.enrol(attributes={"grade": "9"})
    await school.work()
    assert UNIT_CALLS.isdisjoint(school.directory.calls)


async def test_nothing_is_announced_before_the_account_is_in_its_unit(school: School) -> None:
    school.directory.next_calls("join_admin_unit", refused(NotYet("Not visible yet.")))
    school.enrol()
    await school.work()
    assert (school.outcomes("AccountProvisioned"), school.mailer.mailbox) == ([], [])
    await school.work_until_settled()
    assert len(school.outcomes("AccountProvisioned")) == 1


@pytest.mark.parametrize(("announce", "announced"), [(Announce.SIGN_IN, 1), (Announce.COMPLETE, 0)])
async def test_a_unit_that_is_missing_is_reported_and_waited_for(
    school: School, announce: Announce, announced: int
) -> None:
    school.configure(announce=announce)
    missing = Hold("No such unit.", reason=Reason.ADMIN_UNIT_MISSING, scope=Scope.RESOURCE)
    school.directory.next_calls("join_admin_unit", refused(missing))
    school.enrol()
    await school.work()
    (failure,) = school.outcomes("AccountProvisioningFailed")
    assert (failure["step"], failure["reason"], failure["final"]) == ("admin_unit", "admin_unit_missing", False)
    assert len(school.outcomes("AccountProvisioned")) == announced
    await school.work_until_settled()
    assert school.account().admin_units == [SEVENTH]
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_a_call_whose_answer_was_lost_is_made_again(school: School) -> None:
    school.directory.next_calls("join_admin_unit", lost_answer())
    school.enrol()
    await school.work_until_settled()
    assert school.account().admin_units == [SEVENTH]
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}


async def test_an_account_joins_its_new_unit_before_it_leaves_the_one_that_we_put_it_into(enrolled: School) -> None:
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [EIGHTH]
    assert enrolled.directory.writes == ["join_admin_unit", "leave_admin_unit"]
    assert changes(enrolled) == [("updated", ["admin_unit"], [])]


async def test_an_account_leaves_its_unit_where_the_rules_give_none_any_more(enrolled: School) -> None:
    enrolled.update(version=2, attributes={"grade": "9"})
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == []


async def test_a_unit_that_people_have_put_the_account_into_stays(enrolled: School) -> None:
    enrolled.account().admin_units.append("by-hand")
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == ["by-hand", EIGHTH]


async def test_with_create_only_a_unit_is_added_and_none_is_left() -> None:
    school = configured(OnChange.CREATE_ONLY)
    school.enrol()
    await school.work_until_settled()
    school.update(version=2, **MOVED_UP)
    await school.work_until_settled()
    assert school.account().admin_units == [SEVENTH, EIGHTH]


async def test_a_unit_that_people_have_taken_is_given_again_with_the_next_event(enrolled: School) -> None:
    enrolled.account().admin_units.clear()
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [SEVENTH]


async def test_an_account_as_we_left_it_is_looked_at_and_not_written_to(enrolled: School) -> None:
    enrolled.update(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.calls == ["read", "groups_of"]
    assert changes(enrolled) == []


async def test_a_unit_that_a_superseded_attempt_may_have_given_is_left(enrolled: School) -> None:
    enrolled.directory.next_calls("join_admin_unit", lost_request())
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work()
    enrolled.update(version=3)
    enrolled.account().admin_units.append(EIGHTH)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [SEVENTH]


async def test_a_removal_that_is_carried_out_late_is_undone_by_the_verification(enrolled: School) -> None:
    enrolled.directory.next_calls("leave_admin_unit", lost_request())
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.work()
    enrolled.update(version=3)
    await enrolled.work()
    enrolled.account().admin_units.remove(SEVENTH)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [SEVENTH]


@pytest.mark.parametrize("operation", sorted(UNIT_CALLS))
async def test_a_crash_in_the_middle_is_gone_on_from(enrolled: School, operation: str) -> None:
    enrolled.update(version=2, **MOVED_UP)
    await enrolled.die_in(operation)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [EIGHTH]


async def test_a_suspended_account_stays_in_its_unit(enrolled: School) -> None:
    enrolled.suspend(version=2)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [SEVENTH]


async def test_a_restored_account_leaves_the_unit_of_its_old_class(enrolled: School) -> None:
    enrolled.account().delete()
    enrolled.enrol(version=2, **MOVED_UP)
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [EIGHTH]


async def test_a_reconciliation_has_an_account_put_into_its_unit_again(enrolled: School) -> None:
    enrolled.account().admin_units.clear()
    enrolled.ledger.look_again(TENANT, "S1")
    await enrolled.work_until_settled()
    assert enrolled.account().admin_units == [SEVENTH]
    assert len(enrolled.outcomes("AccountProvisioned")) == 1
