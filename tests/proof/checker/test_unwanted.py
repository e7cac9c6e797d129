"""I22: nothing is begun that the newest event does not want."""

from dataclasses import replace

import pytest

from proof.history import Change, Operation
from tests.proof.histories import Story, about, call, passed, record, row, skip, student

CREATE_BEGUN, MAIL_BEGUN, SETTLED = 3, 9, 11
"""Numbers of the story's changes."""


def cancelled(behind: int) -> Story:
    """Behind this change an event was accepted that asks for nothing."""
    story = Story()
    gone = skip(2, version=2)
    story.inputs.append(gone)
    story.inbox = [row(record(1), "superseded"), row(gone)]
    story.students = [replace(story.students[0], desired_version=2, settled_version=2, applied_version=2)]
    before = [change for change in story.changes if change.number <= behind]
    after = [_wanting_nothing(change) for change in story.changes if change.number > behind]
    accepted = replace(student(behind, lease_epoch=1, desired_version=2), number=behind + 1)
    story.changes = [*before, accepted, *after]
    return story


def _wanting_nothing(change: Change) -> Change:
    versions = {"desired_version": 2}
    if change.number == SETTLED:
        versions |= {"settled_version": 2, "applied_version": 2}
    row = {**change.row, **versions} if change.table == "student" else change.row
    return replace(change, number=change.number + 1, row=row)


def test_an_account_that_was_begun_behind_its_cancellation_is_unwanted() -> None:
    assert cancelled(CREATE_BEGUN - 1).broken() == ["I22"]


def test_a_mail_that_was_begun_behind_its_cancellation_is_unwanted() -> None:
    story = cancelled(MAIL_BEGUN - 1)
    assert story.broken() == ["I22"]
    assert "(send) began" in story.evidence()[0]


def test_what_was_begun_before_may_be_carried_out() -> None:
    assert cancelled(SETTLED - 1).broken() == []


def test_what_was_begun_before_does_not_arrive_long_after() -> None:
    story = cancelled(SETTLED - 1)
    story.calls.append(about(600, Operation.CREATE, status=400, object_id=None))
    assert "I22" in story.broken()


@pytest.mark.parametrize("operation", [Operation.RESTORE, Operation.PASSWORD])
def test_an_account_is_not_brought_back_nor_given_a_password_for_nothing(operation: Operation) -> None:
    story = cancelled(SETTLED - 1)
    story.calls.append(about(600, operation))
    assert "I22" in story.broken()


def test_a_withdrawn_student_who_returns_is_wanted_again() -> None:
    story = cancelled(CREATE_BEGUN - 1)
    again = record(3, version=3)
    story.inputs.append(again)
    story.inbox = [row(record(1), "superseded"), row(skip(2, version=2), "superseded"), row(again)]
    story.students = [replace(story.students[0], desired_version=3, settled_version=3, applied_version=3)]
    returned = replace(student(CREATE_BEGUN - 1, lease_epoch=1, desired_version=3), number=CREATE_BEGUN)
    story.changes = [
        *story.changes[:CREATE_BEGUN],
        returned,
        *(_of_version(change, 3) for change in story.changes[CREATE_BEGUN:]),
    ]
    assert "I22" not in story.broken()


def _of_version(change: Change, version: int) -> Change:
    columns = {name: version for name in ("desired_version", "settled_version") if change.row.get(name, -1) > 0}
    return replace(change, number=change.number + 1, row={**change.row, **columns})


def passed_over(*, at: int) -> Story:
    """The event was read at this change, and the ledger has nothing of it."""
    story = Story()
    story.inputs.append(skip(2, version=2))
    story.changes = [
        *(change for change in story.changes if change.number < at),
        passed(at, 3),
        *(replace(change, number=change.number + 1) for change in story.changes if change.number >= at),
    ]
    return story


def test_an_event_that_should_have_cancelled_what_was_open_counts_though_it_was_skipped() -> None:
    assert passed_over(at=CREATE_BEGUN).broken() == ["I22"]


def test_an_event_cancels_nothing_that_was_settled() -> None:
    story = passed_over(at=SETTLED + 1)
    story.calls.append(call(600, Operation.FIND))
    assert story.broken() == []


def test_an_older_event_cancels_nothing() -> None:
    story = passed_over(at=CREATE_BEGUN)
    story.inputs[-1] = skip(2, version=0)
    assert story.broken() == []
