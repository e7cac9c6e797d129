"""I2, I3, I11, I16 and I18: records, what became of them, and where students end."""

from dataclasses import replace
from uuid import UUID

import pytest

from proof.history import Input, Lot, StudentRow
from tests.proof.histories import IN, TENANT, Story, account, letter, provisioned, record, row, student


def unreadable(offset: int = 2) -> Input:
    return replace(record(offset), lot=Lot.LETTER, reason="null_value", tenant_id=None, event_id=None)


def test_a_record_that_acts_is_not_lost_before_its_offset_is_committed() -> None:
    story = Story()
    story.inputs.append(record(2, student_id="S2"))
    story.students.append(StudentRow(TENANT, "S2", 1, -1, -1, due=False))
    assert story.broken() == ["I3", "I11"]


def test_a_record_behind_the_committed_offset_is_lost_all_the_same() -> None:
    story = Story()
    story.inputs.append(record(2, student_id="S2"))
    story.students.append(StudentRow(TENANT, "S2", 1, -1, -1, due=False))
    story.other["committed"] = {(IN, 0): 2}
    assert story.broken() == ["I3"]


def test_what_is_accepted_comes_to_an_end() -> None:
    story = Story()
    story.inbox = [row(record(1), "pending")]
    story.students = [replace(story.students[0], settled_version=-1, applied_version=-1)]
    assert story.broken() == ["I3"]


def test_the_inbox_holds_nothing_that_was_not_read() -> None:
    story = Story()
    story.inbox.append(row(record(9)))
    assert story.broken() == ["I3"]


def test_the_inbox_holds_what_the_record_says() -> None:
    story = Story()
    story.inbox = [replace(story.inbox[0], student_id="S2")]
    assert "I3" in story.broken()


def test_a_skip_leaves_no_trace() -> None:
    story = Story()
    skip = replace(record(2), lot=Lot.SKIP, reason="no_action", event_id=None)
    story.inputs.append(skip)
    story.letters = [letter(skip, "unlisted_status")]
    assert story.broken() == ["I3", "I11", "I18"]


def test_a_record_that_can_not_be_taken_becomes_a_dead_letter() -> None:
    story = Story()
    story.inputs.append(unreadable())
    assert story.broken() == ["I3", "I11"]


def test_an_id_that_was_used_for_other_content_becomes_a_dead_letter() -> None:
    story = Story()
    story.inputs.append(record(2, event="event-1", digest=b"other"))
    assert story.broken() == ["I3", "I11"]


def test_a_duplicate_becomes_no_dead_letter() -> None:
    story = Story()
    again = record(2, event="event-1")
    story.inputs.append(again)
    story.letters = [letter(again, "reused_id")]
    assert story.broken() == ["I18"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "undecodable"},
        {"key": b"other"},
        {"digest": b"other"},
        {"headers": (("provisioner-reason", b"null_value"),)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_dead_letter_is_the_record_as_it_was(wrong: dict[str, object]) -> None:
    story = Story()
    story.inputs.append(unreadable())
    story.letters = [replace(letter(unreadable(), "null_value"), **wrong)]
    assert story.broken() == ["I18"]


def test_a_dead_letter_too_large_to_be_kept_says_so() -> None:
    story = Story()
    story.inputs.append(unreadable())
    headers = (("provisioner-value-omitted", b"9 bytes"),)
    story.letters = [replace(letter(unreadable(), "null_value"), key=None, digest=b"", headers=headers)]
    assert story.broken() == []


def test_a_dead_letter_is_not_repeated_where_nothing_went_wrong() -> None:
    story = Story()
    story.inputs.append(unreadable())
    story.letters = [letter(unreadable(), "null_value", offset=offset) for offset in (0, 1)]
    assert story.broken() == ["I18"]


def test_a_dead_letter_is_of_some_record() -> None:
    story = Story()
    story.letters = [letter(record(9), "null_value")]
    assert story.broken() == ["I18"]


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


def test_an_account_is_for_somebody_whom_an_event_acts_for() -> None:
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


def test_the_inbox_holds_an_event_once() -> None:
    story = Story()
    story.inbox.append(story.inbox[0])
    assert story.broken() == ["I3"]
