"""Histories in which all is well, whatever went wrong on the way: no false alarm."""

from dataclasses import replace

import pytest

from consumer.events import Provider, StepName
from proof.checker import check
from proof.history import Change, ExpectedOutcome, Mail, Operation, StepRow
from tests.proof.histories import (
    ADDRESS,
    GROUP,
    MARK,
    OBJECT,
    SECRET,
    START,
    STUDENT,
    TENANT,
    Story,
    about,
    account,
    asked_to_wait,
    call,
    dead_letter,
    failed,
    published,
    record,
    row,
    send,
    step,
    student,
    waits,
)


def test_all_is_well() -> None:
    report = check(Story().history())
    assert (list(report.violations), list(report.invalid), report.passed) == ([], [], True)


def test_a_creation_that_was_sent_again_after_its_answer_was_lost_is_one_account() -> None:
    story = Story().faulty()
    story.calls[1] = replace(story.calls[1], answered=False)
    story.calls.insert(2, call(3, Operation.CREATE, status=400, marker=MARK, address=ADDRESS, secret=SECRET))
    assert story.broken() == []


def test_a_lost_mail_s_password_is_replaced_before_another_mail() -> None:
    story = Story().faulty()
    second = "welcome.2@mail.north.example"
    story.calls[-1] = replace(story.calls[-1], answered=False)
    story.calls += [
        call(7, Operation.LOOK_UP),
        about(8, Operation.PASSWORD, secret="another", status=204),
        send(9, secret="another", detail=second),
    ]
    story.mails.append(Mail(START + 9, TENANT, second, ADDRESS, "another"))
    story.accounts = [account(secret="another")]
    story.rows = [replace(story.rows[0], generation=1)]
    story.changes += [step(20, "password", "started"), step(21, "password", "done")]
    assert story.broken() == []


def test_a_password_may_be_on_its_way_when_the_run_ends() -> None:
    story = Story().faulty()
    story.calls.append(about(8, Operation.PASSWORD, secret="another", status=500, executed=False))
    story.steps = [StepRow(TENANT, STUDENT, Provider.MICROSOFT, StepName.PASSWORD, "unknown", 1, None)]
    assert story.broken() == []


def test_a_deleted_account_may_be_restored() -> None:
    story = Story()
    story.calls.append(about(9, Operation.RESTORE))
    assert story.broken() == []


def test_an_account_that_was_deleted_by_hand_may_be_followed_by_another() -> None:
    story = Story().faulty()
    story.accounts.insert(
        0, account(object_id="object-0", deleted=True, deleted_at=START + 1, created_at=START, ours=False)
    )
    assert story.broken() == []


def test_an_adopted_account_was_made_by_hand_and_bears_the_student_s_marker() -> None:
    story = Story()
    story.accounts = [account(ours=False, created_at=None)]
    del story.calls[1]
    assert story.broken() == []


def test_what_was_unknown_may_be_found_done_without_being_begun_again() -> None:
    story = Story().faulty()
    story.changes.insert(3, step(3, "create", "unknown"))
    assert story.broken() == []


def test_what_needs_no_call_is_done_without_a_request() -> None:
    story = Story()
    story.changes.append(step(20, "welcome", "done", request=b""))
    assert story.broken() == []


def test_an_older_event_that_came_late_is_superseded() -> None:
    story = Story()
    newer, older = record(1, version=2), record(2, version=1)
    story.inputs, story.inbox = [newer, older], [row(newer), row(older, "superseded")]
    story.students = [replace(story.students[0], desired_version=2, settled_version=2, applied_version=2)]
    story.published[0] = published(
        replace(story.published[0].outcome, cause=replace(story.published[0].outcome.cause, version=2))
    )
    assert story.broken() == []


def test_a_duplicate_and_a_skip_leave_nothing_behind() -> None:
    story = Story()
    skip = replace(
        record(3), expected=ExpectedOutcome.SKIP, reason="no_action", event_id=None, student_id=None, version=None
    )
    story.inputs += [record(2, event="event-1"), skip]
    assert story.broken() == []


@pytest.mark.parametrize("times", [1, 2])
def test_a_dead_letter_may_be_repeated_after_a_fault(times: int) -> None:
    story = Story().faulty()
    broken = replace(
        record(2), expected=ExpectedOutcome.DEAD_LETTER, reason="null_value", tenant_id=None, event_id=None
    )
    story.inputs.append(broken)
    story.dead_letters = [dead_letter(broken, "null_value", offset=n) for n in range(times)]
    assert story.broken() == []


def test_a_reused_id_is_a_dead_letter() -> None:
    story = Story()
    other = record(2, event="event-1", digest=b"other")
    story.inputs.append(other)
    story.dead_letters = [dead_letter(other, "reused_id")]
    assert story.broken() == []


def test_a_student_who_waits_for_a_person_has_come_to_an_end() -> None:
    story = _without_account()
    story.inbox = [row(record(1), "pending")]
    story.students = [replace(story.students[0], settled_version=-1, applied_version=-1, due=True)]
    story.published = [published(failed(final=False), topic="failed")]
    assert story.broken() == []


def test_a_final_failure_leaves_no_account() -> None:
    story = _without_account()
    story.inbox = [row(record(1), "failed")]
    story.students = [replace(story.students[0], applied_version=-1)]
    story.published = [published(failed(), topic="failed")]
    assert story.broken() == []


def test_calls_that_were_on_their_way_when_a_vendor_asked_for_time_may_arrive() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=30.0), about(9, Operation.GROUP, detail=GROUP)]
    story.calls += [call(10, Operation.FIND), about(39, Operation.GROUP, detail=GROUP)]
    assert story.broken() == []


def test_an_answer_that_died_with_its_process_makes_no_student_wait() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=300.0), about(40, Operation.GROUP, detail=GROUP)]
    story.other["deaths"] = [START + 9]
    assert story.broken() == []


def test_a_wait_counts_from_when_it_could_be_committed() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=300.0), about(20, Operation.GROUP, detail=GROUP)]
    story.changes.append(waits(START + 19))
    assert story.broken() == []


def test_a_new_lease_continues_where_the_old_one_ended() -> None:
    story = Story().faulty()
    story.changes.insert(4, step(4, "create", "started", epoch=1))
    story.changes[5:] = [student(5, lease_epoch=2), *(_of_epoch(change, 2) for change in story.changes[5:])]
    assert story.broken() == []


def _of_epoch(change: Change, epoch: int) -> Change:
    return replace(change, row={**change.row, "lease_epoch": epoch})


def _without_account() -> Story:
    story = Story()
    story.calls = [
        call(1, Operation.FIND),
        call(2, Operation.CREATE, status=400, marker=MARK, address=ADDRESS, secret=SECRET),
        call(3, Operation.UPDATE, object_id=OBJECT, marker=MARK),
    ]
    story.accounts, story.mails, story.rows = [], [], []
    story.outbox = [replace(story.outbox[0], event_id="00000000-0000-0000-0000-000000000003", topic="failed")]
    return story
