"""I1, I7, I8: whose accounts there are, and who writes to them."""

from dataclasses import replace

import pytest

from consumer.events import Provider
from proof.history import AccountRow, Mail, Operation
from tests.proof.histories import ADDRESS, OBJECT, SECRET, START, STUDENT, TENANT, Story, about, account

SECOND = "object-2"


def test_two_accounts_with_a_student_s_marker_are_one_too_many() -> None:
    story = Story()
    story.calls.append(about(9, Operation.CREATE, object_id=SECOND, secret=SECRET))
    story.accounts.append(account(object_id=SECOND, secret="other"))
    assert story.broken() == ["I1"]


def test_a_second_account_counts_though_it_is_gone_at_the_end() -> None:
    story = Story()
    story.calls += [about(9, Operation.CREATE, object_id=SECOND), about(10, Operation.DELETE, object_id=SECOND)]
    story.accounts.append(account(object_id=SECOND, deleted=True, deleted_at=START + 10))
    assert "I1" in story.broken()


def test_a_second_account_counts_though_its_marker_was_dropped() -> None:
    story = Story()
    story.calls.append(about(9, Operation.CREATE, object_id=SECOND))
    story.accounts.append(account(object_id=SECOND, marker=None, secret="other"))
    assert story.broken() == ["I1"]


def test_an_account_that_is_restored_beside_another_is_one_too_many() -> None:
    story = Story()
    old = account(object_id="object-0", created_at=START, ours=False, secret="other")
    story.accounts.insert(0, old)
    story.calls = [about(0, Operation.DELETE, object_id="object-0"), *story.calls]
    story.calls.append(about(9, Operation.RESTORE, object_id="object-0"))
    assert "I1" in story.broken()


def test_an_account_beside_one_that_was_made_by_hand_for_the_student_is_one_too_many() -> None:
    story = Story()
    story.accounts.insert(0, account(object_id="object-0", created_at=None, ours=False, secret="other"))
    assert story.broken() == ["I1"]


@pytest.mark.parametrize("operation", [Operation.GROUP, Operation.PASSWORD, Operation.UPDATE, Operation.DELETE])
@pytest.mark.parametrize("status", [204, 403])
def test_a_change_of_a_foreign_account_must_not_be_requested(operation: Operation, status: int) -> None:
    story = Story()
    story.accounts.append(account(object_id="stranger", marker=None, address="x@north.example", ours=False))
    story.calls.append(about(9, operation, object_id="stranger", marker=None, address="x@north.example", status=status))
    assert story.broken() == ["I7", "I21"]


def test_a_stranger_s_account_is_not_marked_as_ours() -> None:
    story = Story()
    story.accounts.append(account(object_id="stranger", marker="S9", address="x@north.example", ours=False))
    story.calls.append(about(9, Operation.MARK, object_id="stranger", marker="S9", address="x@north.example"))
    assert story.broken() == ["I7", "I21"]


def test_a_write_names_its_object_by_id() -> None:
    story = Story()
    story.calls.append(about(9, Operation.GROUP, detail="group-1", by_name=True))
    assert story.broken() == ["I7"]


def test_an_unmarked_account_is_not_adopted() -> None:
    story = Story()
    story.accounts.append(account(object_id="stranger", marker=None, ours=False, secret="other"))
    story.rows = [AccountRow(TENANT, STUDENT, Provider.MICROSOFT, "stranger", ADDRESS, STUDENT, 0, 1)]
    assert story.broken() == ["I7", "I21"]


def test_a_tenant_s_credential_serves_no_other() -> None:
    story = Story()
    story.calls[2] = replace(story.calls[2], credential_of="south")
    assert story.broken() == ["I8"]


def test_a_tenant_s_mail_is_about_its_own_accounts() -> None:
    story = Story()
    story.mails.append(Mail(START + 9, "south", story.mails[0].message_id, ADDRESS, "other"))
    assert story.broken() == ["I8"]


def test_the_first_account_is_named_with_the_calls_that_made_both() -> None:
    story = Story()
    story.calls.append(about(9, Operation.CREATE, object_id=SECOND, secret=SECRET))
    story.accounts.append(account(object_id=SECOND, secret="other"))
    assert story.evidence() == ["I1 north/S1 at microsoft: 2 accounts at once: call 2, call 9"]
    assert OBJECT not in story.evidence()[0]
