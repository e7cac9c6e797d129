"""I14, I15 and I19, and whether a run proves anything: what is said about a run as a whole."""

from dataclasses import replace

import pytest

from proof.checker import check
from proof.history import Bounds, Change, Input, Lot, Operation
from tests.proof.histories import START, Story, call, failed, letter, record

CANARY = "Ελένη O'Neill"
METRICS = """
provisioner_settled_total{tenant="north",disposition="applied"} 1.0
provisioner_published_total{topic="provisioned"} 1.0
provisioner_published_total{topic="welcome"} 1.0
"""


def unreadable() -> Input:
    return replace(record(2), lot=Lot.LETTER, reason="null_value", tenant_id=None, event_id=None)


@pytest.mark.parametrize("sink", ["logs", "metrics"])
def test_no_personal_data_is_written_for_operators(sink: str) -> None:
    story = Story()
    story.other |= {"canaries": frozenset({CANARY}), sink: f"first\nhello {CANARY}\n"}
    assert story.evidence() == [f"I14 {sink}: canary 0 ({len(CANARY)} characters) stands in line 2"]


def test_no_personal_data_is_in_a_dead_letter_s_headers() -> None:
    story = Story()
    story.other["canaries"] = frozenset({CANARY})
    story.inputs.append(unreadable())
    written = letter(unreadable(), "null_value")
    story.letters = [replace(written, headers=(*written.headers, ("sentence", CANARY.encode())))]
    assert story.broken() == ["I14"]


def test_what_the_record_brought_along_is_not_the_service_s_doing() -> None:
    story = Story()
    story.other["canaries"] = frozenset({CANARY})
    one = replace(unreadable(), headers=(("source", CANARY.encode()),))
    story.inputs.append(one)
    story.letters = [letter(one, "null_value")]
    assert story.broken() == []


def test_no_personal_data_is_in_an_outcome_s_message() -> None:
    story = Story()
    story.other["canaries"] = frozenset({"Taken."})
    story.tell(failed(final=False))
    assert story.broken() == ["I14"]


@pytest.mark.parametrize("quiet_at", [None, START + 901])
def test_all_comes_to_rest_in_time(quiet_at: float | None) -> None:
    story = Story()
    story.other["quiet_at"] = quiet_at
    assert story.broken() == ["I15"]


@pytest.mark.parametrize(("spared", "broken"), [(frozenset({"north"}), ["I15"]), (frozenset[str](), list[str]())])
def test_whom_no_fault_was_aimed_at_does_not_wait_for_it(spared: frozenset[str], broken: list[str]) -> None:
    story = Story()
    story.changes[-1] = replace(story.changes[-1], at=START + 60)
    story.other["spared"] = spared
    assert story.broken() == broken


def test_metrics_agree_with_the_ledger() -> None:
    story = Story()
    story.other |= {"whole": True, "metrics": METRICS}
    assert story.broken() == []


@pytest.mark.parametrize("metrics", [METRICS.replace("applied", "failed"), METRICS + METRICS])
def test_metrics_that_count_otherwise_are_wrong(metrics: str) -> None:
    story = Story()
    story.other |= {"whole": True, "metrics": metrics}
    assert story.broken() == ["I19"]


def test_metrics_of_processes_that_died_prove_nothing() -> None:
    story = Story().faulty()
    story.other |= {"whole": True, "metrics": METRICS + METRICS}
    assert check(story.history()).looked["I19"] == 0
    assert story.broken() == []


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"bounds": Bounds(least_effects=1_000)}, "4 effects are too few; 1000 are the least"),
        ({"faults": {"lost answer": 0}}, "no fault fired, though some were ordered"),
        ({"unclassified": ("the record at out[0]@3",)}, "unclassified: the record at out[0]@3"),
        ({"calls": [*Story().calls, call(9, Operation.UNKNOWN)]}, "call 9 is of a route that nobody has classified"),
        ({"changes": [Change(1, START, "novelty", {})]}, "changes of a table that is not known: novelty"),
        ({"letters": [letter(record(1), "whim")]}, "the reason of dead letter dead[0]@0 is not known: whim"),
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


def test_the_report_says_what_was_looked_at() -> None:
    lines = list(check(Story().history()).lines())
    assert lines[0] == "seed 1: passed; effects: 4; faults: none ordered"
    assert lines[1].split()[:4] == ["I1", "holds", "1", "one"]
    assert "nothing to look at" in next(line for line in lines if line.strip().startswith("I20"))
    assert len(lines) == 21


def test_the_report_names_no_more_violations_than_people_read() -> None:
    story = Story()
    story.inbox += [replace(story.inbox[0], place=("in", 0, offset), event_id=str(offset)) for offset in range(50, 80)]
    lines = list(check(story.history()).lines(most=3))
    assert sum(line.startswith("I3 in[") for line in lines) == 3
    assert "I3 and 27 more" in lines
