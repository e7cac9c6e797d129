"""I3, I11 and I18: records, and what became of them."""

from dataclasses import replace

import pytest

from proof.history import ExpectedOutcome, Input, StudentRow
from tests.proof.histories import IN, TENANT, Story, dead_letter, record, row, skip


def unreadable(offset: int = 2) -> Input:
    return replace(
        record(offset), expected=ExpectedOutcome.DEAD_LETTER, reason="null_value", tenant_id=None, event_id=None
    )


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
    skip = replace(record(2), expected=ExpectedOutcome.SKIP, reason="no_action", event_id=None)
    story.inputs.append(skip)
    story.dead_letters = [dead_letter(skip, "unlisted_status")]
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
    story.dead_letters = [dead_letter(again, "reused_id")]
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
    story.dead_letters = [replace(dead_letter(unreadable(), "null_value"), **wrong)]
    assert story.broken() == ["I18"]


def test_a_dead_letter_too_large_to_be_kept_says_so() -> None:
    story = Story()
    story.inputs.append(unreadable())
    headers = (("provisioner-value-omitted", b"9 bytes"),)
    story.dead_letters = [replace(dead_letter(unreadable(), "null_value"), key=None, digest=b"", headers=headers)]
    assert story.broken() == []


def test_a_dead_letter_is_not_repeated_where_nothing_went_wrong() -> None:
    story = Story()
    story.inputs.append(unreadable())
    story.dead_letters = [dead_letter(unreadable(), "null_value", offset=offset) for offset in (0, 1)]
    assert story.broken() == ["I18"]


def test_a_dead_letter_is_of_some_record() -> None:
    story = Story()
    story.dead_letters = [dead_letter(record(9), "null_value")]
    assert story.broken() == ["I18"]


def test_the_inbox_holds_an_event_once() -> None:
    story = Story()
    story.inbox.append(story.inbox[0])
    assert story.broken() == ["I3"]


def test_an_event_that_asks_for_nothing_may_be_in_the_inbox_where_it_cancels() -> None:
    story = Story()
    story.inputs.append(skip(2, version=2))
    story.inbox = [row(record(1), "superseded"), row(skip(2, version=2))]
    story.students = [replace(story.students[0], desired_version=2, settled_version=2, applied_version=2)]
    assert story.broken() == []


def test_an_event_that_asks_for_nothing_leaves_no_trace_where_there_is_nothing_to_cancel() -> None:
    story = Story()
    story.inputs.insert(0, skip(0, version=0))
    story.inbox.append(row(skip(0, version=0), "superseded"))
    assert "I3" in story.broken()


def test_an_event_that_asks_for_nothing_is_no_dead_letter() -> None:
    story = Story()
    story.inputs.append(skip(2, version=2))
    story.dead_letters = [dead_letter(skip(2, version=2), "unlisted_status")]
    assert "I3" in story.broken()


def test_an_event_that_asks_for_nothing_may_bear_a_used_id() -> None:
    story = Story()
    reused = replace(skip(2, version=2), event_id="event-1", digest=b"other")
    story.inputs.append(reused)
    story.dead_letters = [dead_letter(reused, "reused_id")]
    assert story.broken() == []
