"""I20: what a suspension does, and what may not be done against it."""

from dataclasses import replace
from typing import Any

import pytest

from consumer.events import AccountChange, AccountPart, Outcome, ProviderAction
from proof.history import Operation
from tests.proof.histories import (
    START,
    Story,
    about,
    account,
    changed,
    record,
    row,
    step,
    student,
)

LEFT_AT = START + 10
"""When the student's second event was accepted."""


def left() -> Story:
    """The student left: a second event suspended the account, and that was reported."""
    story = Story()
    leaving = record(2, version=2, action=ProviderAction.SUSPEND_ACCOUNT)
    story.inputs.append(leaving)
    story.inbox.append(row(leaving))
    story.students = [replace(story.students[0], desired_version=2, settled_version=2, applied_version=2)]
    story.accounts = [account(enabled=False)]
    story.calls += [about(12, Operation.SUSPEND, status=204), about(13, Operation.SESSIONS)]
    story.changes += [
        replace(student(100, desired_version=2, settled_version=1, applied_version=1, lease_epoch=1), at=LEFT_AT),
        *(
            replace(step(number, name, state, request=name.encode()), at=LEFT_AT + 1)
            for number, (name, state) in enumerate(
                ((n, s) for n in ("suspend", "sessions") for s in ("started", "done")), start=101
            )
        ),
        replace(student(110, desired_version=2, settled_version=2, applied_version=2, lease_epoch=1), at=START + 15),
    ]
    story.tell(suspended())
    return story


def suspended(**other: Any) -> Outcome:
    return changed(AccountChange.SUSPENDED, at=START + 14, version=2, **other)


def test_a_suspension_that_stands_is_right() -> None:
    assert left().broken() == []


def test_a_suspension_changes_nothing_else() -> None:
    story = left()
    story.calls = [
        replace(call, detail="passwordProfile") if call.operation is Operation.SUSPEND else call for call in story.calls
    ]
    assert "I20" in story.broken()


def test_what_was_called_within_the_clocks_difference_may_have_been_the_last_or_not() -> None:
    story = left()
    opened = about(14, Operation.REACTIVATE, status=204)
    story.calls.append(replace(opened, at=START + 14.2))
    assert "I6" not in story.broken()
    story.calls[-1] = replace(opened, at=START + 13.2)
    assert "I6" in story.broken()


def test_a_suspended_account_can_t_be_signed_in_to() -> None:
    story = left()
    story.accounts = [account(enabled=True)]
    assert "I2" in story.broken()


def test_no_call_opens_the_account_again_without_a_newer_event() -> None:
    story = left()
    story.changes.append(replace(step(200, "reactivate", "started"), at=START + 8))
    story.calls.append(about(17, Operation.REACTIVATE, status=204))
    assert story.broken() == ["I20"]
    assert "had reported its suspension" in story.evidence()[0]


def test_a_suspension_is_not_begun_behind_a_newer_event_that_wants_the_account() -> None:
    story = left()
    back = record(3, version=3)
    story.inputs.append(back)
    story.inbox.append(row(back, "pending"))
    story.students = [replace(story.students[0], desired_version=3, due=True)]
    newer = student(120, desired_version=3, settled_version=2, applied_version=2, lease_epoch=1)
    story.changes.append(replace(newer, at=START + 16))
    story.calls.append(about(60, Operation.SUSPEND, status=204))
    assert "I20" in story.broken()


@pytest.mark.parametrize("lie", ["not suspended", "sessions not ended"])
def test_a_suspension_is_reported_as_it_is(lie: str) -> None:
    story = left()
    unsaid = Operation.SUSPEND if lie == "not suspended" else Operation.SESSIONS
    story.calls = [call for call in story.calls if call.operation is not unsaid]
    if unsaid is Operation.SUSPEND:
        story.accounts = [account(enabled=True)]
    assert "I6" in story.broken()


def test_what_is_missing_is_not_claimed() -> None:
    story = left()
    story.calls = [call for call in story.calls if call.operation is not Operation.SESSIONS]
    reported = suspended(parts=(AccountPart.SIGN_IN,), missing=(AccountPart.SESSIONS,))
    story.published[-1] = replace(story.published[-1], outcome=reported)
    assert story.broken() == []


def test_a_suspension_needs_no_word_of_an_account_that_is_not_there() -> None:
    story = Story()
    leaving = record(1, action=ProviderAction.SUSPEND_ACCOUNT)
    story.inputs, story.inbox = [leaving], [row(leaving)]
    story.calls, story.accounts, story.mails, story.published, story.outbox, story.rows = [], [], [], [], [], []
    story.changes = [student(1), student(2, settled_version=1, applied_version=1)]
    story.other["bounds"] = replace(story.history().bounds, least_effects=0)
    assert story.broken() == []
