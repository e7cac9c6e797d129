"""I26: when an account may be deleted, and what may be done to one that was released."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from consumer.events import AccountChange, AccountPart, ProviderAction
from consumer.ledger.port.student import AccountState
from proof.history import Change, Operation
from tests.proof.histories import (
    OBJECT,
    START,
    STUDENT,
    TENANT,
    Story,
    about,
    account,
    changed,
    record,
    row,
    step,
    student,
)

DUE = START + 13


def appointment(number: int, *, at: float, delete_at: float | None) -> Change:
    """The account's row as a commit left it."""
    about_it = {"tenant_id": TENANT, "student_id": STUDENT, "provider": "microsoft", "object_id": OBJECT}
    return Change(number, at, "account", {**about_it, "delete_at": delete_at})


def ended(action: ProviderAction, operation: Operation, name: str) -> Story:
    """A second event asked for it, and one call did it at 14 s."""
    story = Story()
    event = record(2, version=2, action=action)
    story.inputs.append(event)
    story.inbox.append(row(event))
    story.students = [replace(story.students[0], desired_version=2, settled_version=2, applied_version=2)]
    story.calls.append(about(14, operation, status=204))
    story.changes += [
        replace(student(100, desired_version=2, settled_version=1, applied_version=1, lease_epoch=1), at=START + 10),
        appointment(101, at=START + 11, delete_at=DUE),
        replace(step(102, name, "started", request=b"end"), at=START + 13),
        replace(step(103, name, "done", request=b"end"), at=START + 15),
        replace(student(110, desired_version=2, settled_version=2, applied_version=2, lease_epoch=1), at=START + 16),
    ]
    return story


def deleted() -> Story:
    """The account was deleted in its time."""
    story = ended(ProviderAction.DELETE_ACCOUNT, Operation.DELETE, "delete")
    story.accounts = [account(enabled=False, deleted=True, deleted_at=START + 14)]
    story.rows = [replace(story.rows[0], state=AccountState.DELETED)]
    story.tell(outcome(AccountChange.DELETED, AccountPart.ACCOUNT))
    return story


def released() -> Story:
    """The account was handed to the institution."""
    story = ended(ProviderAction.RELEASE_ACCOUNT, Operation.RELEASE, "release")
    story.accounts = [account(marker=None)]
    story.rows = [replace(story.rows[0], state=AccountState.RELEASED)]
    story.tell(outcome(AccountChange.RELEASED, AccountPart.MARKER))
    return story


def outcome(change: AccountChange, part: AccountPart, **other: Any) -> Any:
    return changed(change, at=START + 15, version=2, parts=(part,), **other)


def test_what_was_done_in_its_time_is_right() -> None:
    assert deleted().broken() == []
    assert released().broken() == []


@pytest.mark.parametrize("delete_at", [None, START + 30])
def test_no_account_is_deleted_before_its_time(delete_at: float | None) -> None:
    story = deleted()
    at = next(index for index, change in enumerate(story.changes) if change.table == "account")
    story.changes[at] = appointment(101, at=START + 11, delete_at=delete_at)
    assert story.broken() == ["I26"]


@pytest.mark.parametrize(("story", "action"), [(deleted, "suspend_account"), (released, "create_account")])
def test_nor_where_the_newest_event_wants_something_else(story: Any, action: str) -> None:
    given = story()
    given.inputs[-1] = replace(given.inputs[-1], action=ProviderAction(action))
    assert "I26" in given.broken()


def test_nothing_is_written_to_a_released_account() -> None:
    story = released()
    story.other["bounds"] = replace(story.history().bounds, operation=0.5)
    story.calls.append(about(18, Operation.GROUP, detail="group-1", marker=None))
    assert "I26" in story.broken()


def test_unless_the_ledger_has_forgotten_the_release() -> None:
    story = released()
    story.other["bounds"] = replace(story.history().bounds, operation=0.5)
    story.other["forgot_at"] = story.calls[-1].at + 1
    story.calls.append(about(18, Operation.GROUP, detail="group-1", marker=None))
    assert "I26" not in story.broken()


def test_unless_it_was_marked_again() -> None:
    story = released()
    story.other["bounds"] = replace(story.history().bounds, operation=0.5)
    story.accounts = [account()]
    story.rows = [replace(story.rows[0], state=AccountState.ACTIVE)]
    story.calls += [about(17, Operation.MARK), about(18, Operation.GROUP, detail="group-1")]
    assert "I26" not in story.broken()


def test_a_deletion_that_was_not_carried_out_is_missed_at_the_end() -> None:
    story = deleted()
    story.calls.pop()
    story.accounts = [account(enabled=False)]
    story.rows = [replace(story.rows[0], state=AccountState.SUSPENDED)]
    assert "I2" in story.broken()


@pytest.mark.parametrize(
    ("change", "delete_at"), [(AccountChange.DELETION_SCHEDULED, None), (AccountChange.DELETED, START)]
)
def test_a_scheduled_deletion_and_no_other_outcome_has_a_time(change: AccountChange, delete_at: float | None) -> None:
    story = deleted()
    at = None if delete_at is None else datetime.fromtimestamp(delete_at, UTC)
    wrong = outcome(change, AccountPart.ACCOUNT, delete_at=at)
    story.published[-1] = replace(story.published[-1], outcome=wrong)
    assert story.broken() == ["I6"]
