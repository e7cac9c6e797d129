"""Runs that prove nothing."""

from dataclasses import replace

import pytest

from proof.checker import check
from proof.history import Bounds, Change, Operation
from tests.proof.histories import START, Story, call, dead_letter, record


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"bounds": Bounds(least_effects=1_000)}, "4 effects are too few; 1000 are the least"),
        ({"faults": {"lost answer": 0}}, "no fault fired, though some were ordered"),
        ({"unclassified": ("the record at out[0]@3",)}, "unclassified: the record at out[0]@3"),
        ({"calls": [*Story().calls, call(9, Operation.UNKNOWN)]}, "call 9 is of an unclassified route"),
        ({"changes": [Change(1, START, "novelty", {})]}, "changes of a table that is not known: novelty"),
        ({"dead_letters": [dead_letter(record(1), "whim")]}, "the reason of dead letter dead[0]@0 is not known: whim"),
        ({"calls": Story().calls[:-1]}, "mail 0 is in the mailbox, and no call sent it"),
    ],
)
def test_a_run_that_proves_nothing_is_not_passed(other: dict[str, object], reason: str) -> None:
    story = Story()
    story.other |= other
    report = check(story.history())
    assert list(report.invalid) == [reason]
    assert (report.passed, report.verdict) == (False, "invalid")


def test_an_unknown_disposition_is_not_passed() -> None:
    story = Story()
    story.inbox = [replace(story.inbox[0], disposition="mislaid")]
    assert "the disposition of in[0]@1 is not known: mislaid" in check(story.history()).invalid
