"""What people and programs see of the ledger."""

import pytest

from consumer.errors import Reason
from consumer.events import StepName
from consumer.ledger.inspect import Inspection
from consumer.ledger.port.student import StepState
from consumer.ledger.port.writes import BeginStep, Defer, EndStep, WaitFor
from consumer.ledger.unreadable import Unreadable
from tests.ledger.conftest import Given, OnPostgres, event
from tests.ledger.writes import MS

pytestmark = pytest.mark.parts

BEGIN = BeginStep(MS, StepName.CREATE, 1, b"", timeout=30)
ENDED = EndStep(MS, StepName.CREATE, StepState.HELD, Reason.CONSENT_MISSING, code="403 forbidden", request_id="r-1")


@pytest.fixture
def given(on_postgres: OnPostgres) -> Given:
    return Given(on_postgres)


@pytest.fixture
def inspection(on_postgres: OnPostgres) -> Inspection:
    return Inspection(on_postgres.engine)


async def test_a_student_who_waits_is_shown_with_the_cause(given: Given, inspection: Inspection) -> None:
    given.accept(event())
    cause = WaitFor(MS, StepName.CREATE, Reason.CONSENT_MISSING, "403 forbidden", held=True)
    await given.ledger.work.commit((await given.claim_one()).lease, [Defer(60, (cause,))])
    student = inspection.student("north", "s1")
    assert student is not None
    assert (student.desired_version, student.settled_version, student.lease_owner) == (1, -1, None)
    (wait,) = inspection.student_waits("north", "s1")
    assert (wait.provider, wait.step, wait.reason, wait.held) == ("microsoft", "create", "consent_missing", True)
    assert inspection.due(limit=5) == [student]


async def test_a_student_in_work_is_shown_with_who_works_it(given: Given, inspection: Inspection) -> None:
    given.accept(event())
    await given.claim_one()
    student = inspection.student("north", "s1")
    assert student is not None
    assert student.lease_owner == "w"
    assert student.lease_until is not None


async def test_attempts_are_shown_with_what_the_vendor_said(given: Given, inspection: Inspection) -> None:
    given.accept(event())
    lease = (await given.claim_one()).lease
    for writes in ([BEGIN], [ENDED], [BEGIN], [EndStep(MS, StepName.CREATE, StepState.DONE)]):
        await given.ledger.work.commit(lease, writes)
    first, second = inspection.attempts("north", "s1")
    assert (first.number, first.state, first.code, first.request_id) == (1, StepState.HELD, "403 forbidden", "r-1")
    assert (second.number, second.state, second.replica) == (2, StepState.DONE, "w")
    assert first.started_at <= first.ended_at <= second.started_at


def test_of_a_student_without_events_there_is_nothing(inspection: Inspection) -> None:
    assert inspection.student("north", "s1") is None
    assert inspection.attempts("north", "s1") == []


async def test_an_attempt_of_a_newer_version_is_unreadable(
    given: Given, inspection: Inspection, on_postgres: OnPostgres
) -> None:
    given.accept(event())
    await given.ledger.work.commit((await given.claim_one()).lease, [BEGIN, ENDED])
    on_postgres.execute("UPDATE attempt SET step = 'levitate'")
    with pytest.raises(Unreadable, match=r"attempt\.step"):
        inspection.attempts("north", "s1")
