"""A tenant in dry run: what would be done is published, and nothing is done until the dry run is over."""

from collections.abc import Sequence

import pytest

from consumer.errors import Hold, Reason, Scope
from consumer.events import Provider, StepName
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.student import AccountState
from consumer.providers.port import Found
from consumer.tenants import Rule
from testbed.fakes.directory import FakeDirectory
from testbed.fakes.mishaps import lost_answer, refused
from tests.provisioning.conftest import MARK, TENANT, School


def switch(school: School, *, dry_run: bool) -> None:
    """The tenant's file changes."""
    school.tenant = school.tenant.model_copy(update={"dry_run": dry_run})
    school.ledger.end_holds(TENANT)


@pytest.fixture
def school() -> School:
    school = School()
    switch(school, dry_run=True)
    return school


def planned(school: School) -> list[tuple[str, list[str]]]:
    return [(one["account"], one["steps"]) for one in school.outcomes("AccountPlanned")]


async def test_what_would_be_done_is_published_and_nothing_is_done(school: School) -> None:
    school.enrol()
    await school.work()
    (plan,) = school.outcomes("AccountPlanned")
    assert plan["steps"] == ["address", "create", "licences", "groups", "announce", "welcome"]
    assert plan["sign_in_name"] == "maria.rossi@students.north-high.example"
    assert (plan["account"], plan["action"], len(plan["groups"])) == ("absent", "create_account", 1)
    assert (school.directory.writes, school.mailer.mailbox) == ([], [])
    assert school.ledger.dispositions() == {"S1/1": Disposition.PENDING}


async def test_the_administrative_unit_is_part_of_the_plan(school: School) -> None:
    school.configure(rules=(*school.tenant.rules, Rule(admin_unit="unit")))
    school.enrol()
    await school.work()
    (plan,) = school.outcomes("AccountPlanned")
    assert (plan["admin_unit"], plan["steps"][-3]) == ("unit", "admin_unit")


async def test_each_provider_has_a_plan_of_its_own() -> None:
    school = School(Provider.MICROSOFT, Provider.GOOGLE)
    switch(school, dry_run=True)
    school.enrol()
    await school.work()
    assert [one["provider"] for one in school.outcomes("AccountPlanned")] == ["microsoft", "google"]


async def test_once_the_dry_run_is_over_the_newest_event_is_worked(school: School) -> None:
    for version in (1, 2):
        school.enrol(version=version)
        await school.work()
    switch(school, dry_run=False)
    await school.work()
    assert school.account().found.address == "maria.rossi@students.north-high.example"
    assert school.ledger.dispositions() == {"S1/1": Disposition.SUPERSEDED, "S1/2": Disposition.APPLIED}
    assert len(school.mailer.mailbox) == 1


async def test_an_event_that_asks_for_nothing_cancels_what_was_only_planned(school: School) -> None:
    school.enrol()
    await school.work()
    school.withdraw(version=2)
    await school.work()
    switch(school, dry_run=False)
    await school.work_until_settled()
    assert school.directory.writes == []


async def test_a_suspension_is_planned_and_the_account_stays_open() -> None:
    school = School()
    school.enrol()
    await school.work()
    writes = list(school.directory.writes)
    switch(school, dry_run=True)
    school.suspend(version=2)
    await school.work()
    assert planned(school) == [("present", ["suspend", "sessions", "report"])]
    assert (school.directory.writes, school.account().found.enabled) == (writes, True)
    switch(school, dry_run=False)
    await school.work_until_settled()
    assert not school.account().found.enabled
    assert school.ledger.student(TENANT, "S1").known.accounts[Provider.MICROSOFT].state is AccountState.SUSPENDED


async def test_the_same_plan_is_published_once(school: School) -> None:
    school.enrol()
    await school.work()
    switch(school, dry_run=True)
    await school.work()
    assert len(planned(school)) == 1


async def test_another_plan_is_published_again(school: School) -> None:
    school.enrol()
    await school.work()
    school.tenant = school.tenant.model_copy(update={"rules": ()})
    switch(school, dry_run=True)
    await school.work()
    assert [steps for _, steps in planned(school)][1] == ["address", "create", "announce", "welcome"]


async def test_an_account_with_the_students_marker_is_seen(school: School) -> None:
    school.directory.put("maria@students.north-high.example", MARK, deleted=True)
    school.enrol()
    await school.work()
    assert planned(school)[0][0] == "deleted"


async def test_a_look_that_is_refused_is_said_in_the_plan_and_is_no_failure(school: School) -> None:
    school.directory.next_calls(
        "find_marked", refused(Hold("No.", reason=Reason.CONSENT_MISSING, scope=Scope.TENANT, code="403"))
    )
    school.enrol()
    await school.work()
    (plan,) = school.outcomes("AccountPlanned")
    assert (plan["account"], plan["reason"]) == ("unknown", "consent_missing")
    assert school.outcomes("AccountProvisioningFailed") == []


async def test_what_later_steps_wait_for_is_counted_from_the_end_of_the_dry_run(school: School) -> None:
    school.enrol()
    await school.work()
    switch(school, dry_run=False)
    school.directory.next_calls("create", refused(Hold("No.", reason=Reason.QUOTA_EXCEEDED)))
    await school.work()
    wait = school.ledger.student(TENANT, "S1").known.waits[Provider.MICROSOFT, StepName.CREATE]
    assert (wait.reason, wait.attempts, wait.since) == (Reason.QUOTA_EXCEEDED, 1, school.now)


async def test_what_is_unsure_is_verified_after_the_dry_run(school: School) -> None:
    switch(school, dry_run=False)
    school.directory.next_calls("create", lost_answer())
    school.enrol()
    await school.work_until_settled(days=0.001)
    switch(school, dry_run=True)
    before = len(school.directory.writes)
    await school.work_until_settled(days=2)
    assert len(school.directory.writes) == before
    switch(school, dry_run=False)
    await school.work_until_settled()
    assert school.ledger.dispositions() == {"S1/1": Disposition.APPLIED}
    assert await school.seconds_to_next() is None


class ChangingMeanwhile(FakeDirectory):
    """The tenant's file changes, and all waits end, while the directory answers."""

    school: School

    async def find_marked(self, marker: str, *, timeout: float) -> Sequence[Found]:
        found = await super().find_marked(marker, timeout=timeout)
        switch(self.school, dry_run=False)
        self.school.open()
        return found


async def test_a_change_of_the_file_while_the_student_is_planned_is_not_missed(school: School) -> None:
    directory = ChangingMeanwhile(Provider.MICROSOFT)
    directory.school, school.directories[Provider.MICROSOFT] = school, directory
    school.enrol()
    await school.work()
    assert await school.seconds_to_next() == 0
    await school.work()
    school.account()
