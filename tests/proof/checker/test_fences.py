"""I13: a fenced writer writes nothing more."""

from proof.history import Change
from tests.proof.histories import START, Story, step, student


def test_who_lost_the_lease_writes_nothing_more() -> None:
    story = Story()
    story.changes += [student(20, lease_epoch=2), step(21, "groups", "held", epoch=1)]
    story.changes = [change for change in story.changes if change.number != 11]
    assert story.broken() == ["I13"]


def test_the_new_holder_of_a_lease_may_write_results_of_earlier_attempts() -> None:
    story = Story()
    verified = step(21, "groups", "done", epoch=2)
    story.changes += [student(20, lease_epoch=2, settled_version=1, applied_version=1), verified]
    assert story.broken() == []


def test_a_lease_is_not_taken_back() -> None:
    story = Story()
    story.changes += [
        student(20, lease_epoch=3, settled_version=1, applied_version=1),
        student(21, lease_epoch=2, settled_version=1, applied_version=1),
    ]
    assert story.broken() == ["I13"]


def test_who_lost_a_partition_accepts_nothing_more() -> None:
    story = Story()
    place = {"topic": "in", "partition": 0}
    story.changes += [
        Change(30, START, "partition_epoch", {**place, "epoch": 2}),
        Change(31, START, "inbox", {**place, "epoch": 1}),
    ]
    assert story.broken() == ["I13"]
