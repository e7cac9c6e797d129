"""I2 and I16: where students end."""

from dataclasses import replace
from uuid import UUID

import pytest

from proof.history import StudentRow
from tests.proof.histories import TENANT, Story, account, provisioned, record, row, student


def test_an_older_event_does_not_undo_a_newer_one() -> None:
    story = Story()
    newer, older = record(1, version=2), record(2, version=1)
    story.inputs, story.inbox = [newer, older], [row(newer), row(older)]
    story.tell(replace(provisioned(version=2), event_id=UUID(int=9)))
    assert story.broken() == ["I2"]


def test_of_two_events_of_one_version_one_is_carried_out() -> None:
    story = Story()
    story.inputs.append(record(2))
    story.inbox.append(row(record(2)))
    assert story.broken() == ["I2"]


def test_the_newest_event_is_not_superseded() -> None:
    story = Story()
    story.inbox = [row(record(1), "superseded")]
    assert story.broken() == ["I2"]


def test_what_is_applied_stands_at_the_provider() -> None:
    story = Story()
    story.rows = [replace(story.rows[0], object_id=None)]
    assert story.broken() == ["I2"]


def test_an_account_is_for_a_student_whom_an_event_acts_for() -> None:
    story = Story()
    story.calls.append(replace(story.calls[1], number=9, object_id="object-9", marker="S9"))
    story.accounts.append(account(object_id="object-9", marker="S9", address="s9@north.example"))
    assert story.broken() == ["I2"]


def test_the_ledger_knows_only_students_whom_an_event_acts_for() -> None:
    story = Story()
    story.students.append(StudentRow(TENANT, "S9", 1, 1, 1, due=False))
    assert story.broken() == ["I2"]


@pytest.mark.parametrize("column", ["desired_version", "settled_version", "applied_version"])
def test_versions_only_rise(column: str) -> None:
    story = Story()
    story.changes += [student(20, lease_epoch=1, **{column: 5}), student(21, lease_epoch=1, **{column: 4})]
    assert story.broken() == ["I16"]


def test_nothing_is_applied_that_was_not_settled() -> None:
    story = Story()
    story.students = [replace(story.students[0], settled_version=0)]
    assert story.broken() == ["I16"]
