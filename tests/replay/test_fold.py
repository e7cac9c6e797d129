from collections import Counter
from itertools import permutations

import pytest

from consumer.codec.dead_letters import DeadLetterReason
from consumer.codec.lines import LineReader
from consumer.events import ProviderAction, StudentStatusChanged
from consumer.policy.comparison import Comparison, Effect
from consumer.replay.fold import Fold, grouped
from consumer.replay.source import Rejected
from consumer.tenants import StatusRow
from tests.policy.tenants import tenant
from tests.replay.events import line

BEFORE = tenant()
ROW = StatusRow(id="visiting", name="V", type="T", provider_action=ProviderAction.CREATE_ACCOUNT)
AFTER = BEFORE.model_copy(update={"statuses": (*BEFORE.statuses, ROW)})


def event(student: str, version: int, status: str, *, sync_disabled: bool = False) -> StudentStatusChanged:
    text = line(student, version=version, status=status, tenant="athens", external_sync_disabled=sync_disabled)
    found = LineReader("athens").read(text.encode())
    assert found is not None
    return found


@pytest.fixture
def fold() -> Fold:
    return Fold(Comparison(BEFORE, AFTER))


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_highest_version_decides_in_whatever_order(fold: Fold, order: tuple[int, ...]) -> None:
    events = [event("S1", 1, "visiting"), event("S1", 2, "registered"), event("S1", 3, "visiting")]
    for index in order:
        fold.take(events[index])
    assert [(one.student_id, one.version) for one in fold.affected()] == [("S1", 3)]
    assert (fold.students, fold.counts.events, fold.counts.superseded) == (1, 3, 2)


def test_a_difference_that_is_superseded_is_forgotten(fold: Fold) -> None:
    fold.take(event("S1", 1, "visiting"))
    fold.take(event("S1", 2, "registered"))
    assert fold.affected() == []


def test_of_two_events_with_one_version_the_first_counts(fold: Fold) -> None:
    fold.take(event("S1", 1, "registered"))
    fold.take(event("S1", 1, "visiting"))
    assert fold.affected() == []


def test_who_gains_comes_first_and_then_by_id() -> None:
    fold = Fold(Comparison(AFTER, BEFORE.model_copy(update={"statuses": (*BEFORE.statuses[1:], ROW)})))
    for student, status in (("S2", "registered"), ("S1", "registered"), ("S3", "visiting")):
        fold.take(event(student, 1, status))
    assert [(one.student_id, one.difference.effect) for one in fold.affected()] == [
        ("S1", Effect.LOSES),
        ("S2", Effect.LOSES),
    ]
    ((group, count),) = grouped(fold.affected())
    assert (group.status, count) == ("registered", 2)


def test_students_who_are_not_synchronised_are_counted(fold: Fold) -> None:
    fold.take(event("S1", 1, "visiting", sync_disabled=True))
    assert (fold.frozen, fold.affected()) == (1, [])


def test_all_unreadable_records_are_counted_and_the_first_thousand_kept(fold: Fold) -> None:
    for number in range(1_001):
        fold.take(Rejected(f"line {number}", DeadLetterReason.UNDECODABLE, "The line is not JSON."))
    assert fold.counts.unreadable == Counter({DeadLetterReason.UNDECODABLE: 1_001})
    assert len(fold.rejected) == 1_000


def test_events_of_other_tenants_are_counted(fold: Fold) -> None:
    fold.take(None)
    assert (fold.counts.elsewhere, fold.students) == (1, 0)
