"""An account that was reported while a part of it was missing is reported once more when it is complete, and no other is."""

import asyncio
from datetime import timedelta

import pytest

from consumer.errors import Hold, Reason, Unavailable
from consumer.events import Provider
from consumer.tenants import Rule
from testbed.fakes.mishaps import lost_answer, refused
from testbed.installation import until
from tests.provisioning.conftest import School

GROUP = "add_to_group"
HELD = Hold("No permission.", reason=Reason.CONSENT_MISSING)


@pytest.fixture
def at_both() -> School:
    """An institution whose students get a group at both providers."""
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    school.configure(rules=(Rule(groups=dict.fromkeys(Provider, ("all",))),))
    return school


def announced(school: School) -> list[bool]:
    """Of each announcement of the account at Microsoft, whether it had its group."""
    at = [one for one in school.outcomes("AccountProvisioned") if one["provider"] == Provider.MICROSOFT]
    return [bool(one["groups"]) for one in at]


async def die_once_announced(school: School) -> None:
    """The process dies when the account at Microsoft is announced, and Google has not answered yet; its lease runs out."""
    google = school.directories[Provider.GOOGLE]
    google.hang_after.add(GROUP)
    before = len(announced(school))
    (job,) = await school.claim()
    working = asyncio.create_task(school.worker().work(job))
    await google.hanging.wait()

    async def is_announced() -> bool:
        return len(announced(school)) > before

    await until("the account at Microsoft is announced", is_announced, seconds=10)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    google.hang_after.clear()
    school.now += timedelta(seconds=61)


async def test_what_had_waited_and_was_complete_when_it_was_reported_is_reported_once(at_both: School) -> None:
    for directory in at_both.directories.values():
        directory.next_calls(GROUP, refused(Unavailable("Later.")))
    at_both.enrol()
    await at_both.work()
    at_both.now += timedelta(seconds=30)
    await die_once_announced(at_both)
    await at_both.work_until_settled()
    assert announced(at_both) == [True]


async def test_what_was_reported_incomplete_before_a_crash_is_reported_when_it_is_complete(at_both: School) -> None:
    at_both.directory.next_calls(GROUP, refused(HELD))
    at_both.enrol()
    await die_once_announced(at_both)
    await at_both.work_until_settled()
    assert announced(at_both) == [False, True]


async def test_a_part_that_waits_while_the_account_is_verified_is_no_news(school: School) -> None:
    school.directory.next_calls(GROUP, lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    assert announced(school) == [True]
    school.directory.next_calls(GROUP, refused(Unavailable("Later.")))
    await school.work_until_settled()
    assert announced(school) == [True]


async def test_one_that_was_reported_to_wait_is_reported_when_it_is_done(school: School) -> None:
    school.directory.next_calls(GROUP, lost_answer())
    school.enrol()
    await school.work()
    school.now += timedelta(seconds=30)
    await school.work()
    school.directory.next_calls(GROUP, refused(HELD))
    await school.work_until_settled()
    assert announced(school) == [True, True]
