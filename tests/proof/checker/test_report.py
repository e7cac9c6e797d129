"""The text of the report."""

from dataclasses import replace

from proof.checker import check
from proof.checker.report import INVARIANTS
from tests.proof.histories import Story


def test_the_report_says_what_was_looked_at() -> None:
    lines = list(check(Story().history()).lines())
    assert lines[0] == "seed 1: passed; effects: 4; faults: none ordered"
    assert lines[1].split()[:4] == ["I1", "holds", "1", "one"]
    assert "nothing to look at" in next(line for line in lines if line.strip().startswith("I20"))
    assert len(lines) == 1 + len(INVARIANTS)


def test_the_report_names_no_more_violations_than_people_read() -> None:
    story = Story()
    story.inbox += [replace(story.inbox[0], place=("in", 0, offset), event_id=str(offset)) for offset in range(50, 80)]
    lines = list(check(story.history()).lines(most=3))
    assert sum(line.startswith("I3 in[") for line in lines) == 3
    assert "I3 and 27 more" in lines
