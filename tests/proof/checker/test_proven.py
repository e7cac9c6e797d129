"""I21: whose account the ledger or a whole marker proves."""

from dataclasses import replace

import pytest

from consumer.events import Provider
from proof.history import AccountRow, Operation
from tests.proof.histories import ADDRESS, GROUP, MARK, SKU, START, STUDENT, TENANT, Story, about, account

STRANGER = "object-9"
WRITES = [(Operation.LICENCES, SKU), (Operation.GROUP, GROUP), (Operation.PASSWORD, None), (Operation.UPDATE, None)]


def adopted(**other: object) -> Story:
    """An account that was there is the student's: none is made."""
    story = Story()
    del story.calls[1]
    story.accounts = [account(ours=False, created_at=None, **other)]
    return story


def test_an_account_with_the_whole_marker_may_be_adopted() -> None:
    assert adopted().broken() == []


@pytest.mark.parametrize(("operation", "detail"), WRITES)
@pytest.mark.parametrize("status", [204, 403])
def test_an_account_with_a_bare_number_proves_nothing(operation: Operation, detail: str | None, status: int) -> None:
    story = Story()
    story.accounts.append(account(object_id=STRANGER, marker=STUDENT, address="t@north.example", ours=False))
    written = about(9, operation, object_id=STRANGER, marker=STUDENT, address="t@north.example", status=status)
    story.calls.append(replace(written, detail=detail))
    assert "I21" in story.broken()


def test_the_ledger_takes_no_account_with_a_bare_number() -> None:
    story = Story()
    story.accounts.append(account(object_id=STRANGER, marker=STUDENT, ours=False, secret="other"))
    story.rows = [AccountRow(TENANT, STUDENT, Provider.MICROSOFT, STRANGER, ADDRESS, STUDENT, 0, 1)]
    assert story.broken() == ["I21"]


def test_another_student_s_marker_proves_nothing_for_this_one() -> None:
    story = adopted(marker="~AAAAAAAAAAAAAAA")
    story.calls = [replace(call, marker="~AAAAAAAAAAAAAAA") if call.object_id else call for call in story.calls]
    assert "I21" in story.broken()


@pytest.mark.parametrize("why", ["a guest's", "an administrator's", "synchronised"])
def test_what_must_be_left_alone_is_not_adopted_whatever_it_bears(why: str) -> None:
    story = adopted(untouchable=why)
    assert story.broken() == ["I21"]
    assert any(why in evidence for evidence in story.evidence())


def test_a_deleted_account_may_show_its_roles_only_once_it_is_restored() -> None:
    story = Story()
    story.accounts.append(
        account(object_id=STRANGER, deleted=True, deleted_at=START, created_at=None, untouchable="an administrator's")
    )
    story.calls.append(about(9, Operation.RESTORE, object_id=STRANGER, marker=MARK, status=403))
    assert story.broken() == []
