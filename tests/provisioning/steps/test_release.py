"""A student graduates: the account is the institution's own, and is left alone from then on."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from consumer.ledger.port.inbox import Disposition
from testbed.fakes.directory import FakeAccount
from testbed.fakes.mishaps import Mishap, lost_answer, lost_request
from tests.provisioning.conftest import MARK, School


def account(school: School) -> FakeAccount:
    (only,) = school.directory.accounts.values()
    return only


@pytest.fixture
async def released(enrolled: School) -> School:
    """A student whose account was handed to the institution."""
    enrolled.release(version=2)
    await enrolled.work_until_settled()
    enrolled.directory.calls.clear()
    return enrolled


async def test_the_marker_is_taken_off_and_seen_to_be_off_before_it_is_reported(enrolled: School) -> None:
    enrolled.release(version=2)
    await enrolled.work_until_settled()
    assert account(enrolled).found.marker is None
    assert enrolled.directory.calls == ["read", "is_privileged", "release", "read"]
    assert enrolled.changes() == ["released"]
    assert enrolled.ledger.dispositions()["S1/2"] is Disposition.APPLIED


async def test_a_student_without_an_account_has_nothing_to_hand_over(school: School) -> None:
    school.release(version=1)
    await school.work_until_settled()
    assert school.directory.writes == []
    assert school.changes() == []


async def test_an_administrators_account_is_left_alone(enrolled: School) -> None:
    account(enrolled).privileged = True
    enrolled.release(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []


async def test_a_marker_that_people_have_taken_off_already_is_no_call(enrolled: School) -> None:
    account(enrolled).found = replace(account(enrolled).found, marker=None)
    enrolled.release(version=2)
    await enrolled.work_until_settled()
    assert enrolled.directory.writes == []
    assert enrolled.changes() == ["released"]


@pytest.mark.parametrize("mishap", [lost_answer, lost_request])
async def test_a_release_whose_answer_is_lost_is_repeated(enrolled: School, mishap: Callable[[], Mishap]) -> None:
    enrolled.directory.next_calls("release", mishap())
    enrolled.release(version=2)
    await enrolled.work_until_settled()
    assert account(enrolled).found.marker is None
    assert enrolled.changes() == ["released"]


async def test_it_waits_while_a_lost_change_may_still_be_carried_out(school: School) -> None:
    school.directory.next_calls("add_to_group", lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    school.release(version=2)
    await school.work()
    assert "release" not in school.directory.writes
    await school.work_until_settled()
    assert school.changes() == ["released"]


@pytest.mark.parametrize("event", [School.enrol, School.update, School.suspend, School.depart])
async def test_whatever_a_later_event_asks_for_nothing_is_written(
    released: School, event: Callable[..., Disposition]
) -> None:
    event(released, version=3)
    await released.work_until_settled()
    assert released.directory.writes == []
    assert [one["reason"] for one in released.outcomes("AccountProvisioningFailed")] == ["account_released"]


async def test_once_it_is_marked_again_it_is_the_students(released: School) -> None:
    released.suspend(version=3)
    await released.work_until_settled(days=1)
    account(released).found = replace(account(released).found, marker=MARK)
    await released.work_until_settled()
    assert not account(released).found.enabled


async def test_a_release_that_never_took_place_does_not_bind(enrolled: School) -> None:
    enrolled.directory.next_calls("release", lost_request())
    enrolled.release(version=2)
    await enrolled.work()
    enrolled.enrol(version=3)
    await enrolled.work_until_settled()
    assert enrolled.outcomes("AccountProvisioned")[-1]["cause"]["version"] == 3
