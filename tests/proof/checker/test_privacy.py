"""I14: personal data where it does not belong."""

from dataclasses import replace

import pytest

from proof.checker import check
from proof.history import ExpectedOutcome, Input
from tests.proof.histories import Story, dead_letter, failed, record

CANARY = "Ελένη O'Neill"


def unreadable() -> Input:
    return replace(record(2), expected=ExpectedOutcome.DEAD_LETTER, reason="null_value", tenant_id=None, event_id=None)


@pytest.mark.parametrize("sink", ["logs", "metrics"])
def test_no_personal_data_is_written_for_operators(sink: str) -> None:
    story = Story()
    story.other |= {"canaries": frozenset({CANARY}), sink: f"first\nhello {CANARY}\n"}
    assert story.evidence() == [f"I14 {sink}: canary 0 ({len(CANARY)} characters) stands in line 2"]


def test_no_personal_data_is_in_a_dead_letter_s_headers() -> None:
    story = Story()
    story.other["canaries"] = frozenset({CANARY})
    story.inputs.append(unreadable())
    written = dead_letter(unreadable(), "null_value")
    story.dead_letters = [replace(written, headers=(*written.headers, ("sentence", CANARY.encode())))]
    assert story.broken() == ["I14"]


def test_what_the_record_brought_along_is_not_the_service_s_doing() -> None:
    story = Story()
    story.other["canaries"] = frozenset({CANARY})
    one = replace(unreadable(), headers=(("source", CANARY.encode()),))
    story.inputs.append(one)
    story.dead_letters = [dead_letter(one, "null_value")]
    assert story.broken() == []


def test_no_personal_data_is_in_an_outcome_s_message() -> None:
    story = Story()
    story.other["canaries"] = frozenset({"Taken."})
    story.tell(failed(final=False))
    assert story.broken() == ["I14"]


def test_it_says_how_much_of_each_sink_was_searched() -> None:
    story = Story()
    story.other |= {"canaries": frozenset({CANARY}), "logs": "started\n", "sinks": {"spans": "create"}}
    story.tell(failed(final=False))
    searched = check(story.history()).searched
    assert (searched["logs"], searched["spans"]) == (8, 6)
    assert {"metrics", "headers of outcomes", "messages of failures"} <= searched.keys()


def test_no_personal_data_is_in_another_sink() -> None:
    story = Story()
    story.other |= {"canaries": frozenset({CANARY}), "sinks": {"spans": f"create\nfor {CANARY}"}}
    assert story.evidence() == [f"I14 spans: canary 0 ({len(CANARY)} characters) stands in line 2"]
