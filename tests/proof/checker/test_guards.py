"""I25: no more accounts lose something within a while than the guard allows."""

from dataclasses import replace

import pytest

from consumer.policy.guard import Guarded, GuardLimit
from proof.checker import check
from proof.history import History
from tests.proof.checker.test_suspensions import left
from tests.proof.histories import STUDENT, TENANT


def suspended(*, limit: int, approved: bool = False) -> History:
    """One account was suspended."""
    history = left().history()
    return replace(
        history,
        changes=[replace(change, row={"version": 2, **change.row}) for change in history.changes],
        guards={TENANT: GuardLimit(limit, 0, 3_600)},
        approved=frozenset({(TENANT, STUDENT, Guarded.SUSPEND_ACCOUNT, 2)} if approved else ()),
    )


def test_a_suspension_within_the_limit_is_right() -> None:
    assert check(suspended(limit=1)).broken() == []


@pytest.mark.parametrize(("approved", "broken"), [(False, ["I25"]), (True, [])])
def test_one_beyond_the_limit_is_right_only_where_a_person_has_approved_it(
    approved: bool,  # noqa: FBT001  a parameter of the test
    broken: list[str],
) -> None:
    assert list(check(suspended(limit=0, approved=approved)).broken()) == broken


def test_where_no_limit_is_known_none_is_checked() -> None:
    assert "I25" not in check(left().history()).broken()
