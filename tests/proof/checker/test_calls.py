"""I9, I10 and I12: when calls are made, how many, and that each was intended."""

from dataclasses import replace

import pytest

from proof.history import Bounds, Change, Operation
from tests.proof.histories import GROUP, OBJECT, START, Story, about, asked_to_wait, call, step, waits


def test_no_call_begins_while_a_vendor_limits_the_rate() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=30.0), about(20, Operation.GROUP, detail=GROUP)]
    assert story.broken() == ["I9"]


def test_a_committed_wait_holds_though_a_process_died() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=30.0), about(20, Operation.GROUP, detail=GROUP)]
    story.changes.append(waits(START + 8.1))
    story.other["deaths"] = [START + 9]
    assert story.broken() == ["I9"]


def test_a_read_that_begins_long_after_the_answer_is_a_call_too() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=300.0), call(60, Operation.FIND)]
    assert story.broken() == ["I9"]


def test_another_service_continues() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=30.0), call(20, Operation.LOOK_UP)]
    assert story.broken() == []


def test_an_answer_that_was_lost_makes_no_student_wait() -> None:
    story = Story().faulty()
    story.calls += [replace(asked_to_wait(8, seconds=30.0), answered=False), about(20, Operation.GROUP, detail=GROUP)]
    assert story.broken() == []


def test_an_effect_is_not_written_over_and_over() -> None:
    story = Story()
    story.calls += [about(number, Operation.GROUP, detail=GROUP) for number in range(8, 10)]
    assert story.broken() == ["I10"]


@pytest.mark.parametrize(("refusals", "broken"), [(2, []), (6, ["I10"])])
def test_each_replica_may_ask_once_for_a_unit_that_another_created(refusals: int, broken: list[str]) -> None:
    story = Story()
    story.calls += [
        about(8 + n, Operation.NEW_UNIT, detail="/Students", status=409 if n else 200) for n in range(refusals + 1)
    ]
    assert story.broken() == broken


def test_faults_have_a_budget_of_writes_too() -> None:
    story = Story().faulty()
    story.other["bounds"] = Bounds(writes_per_effect_with_faults=2.0)
    story.calls += [about(number, Operation.GROUP, detail=GROUP) for number in range(8, 24)]
    assert story.broken() == ["I10"]


def test_a_first_refusal_is_no_waste() -> None:
    story = Story()
    story.calls += [about(n, Operation.GROUP, detail="another", status=412) for n in range(8, 12)]
    assert story.broken() == []


@pytest.mark.parametrize("before", [[], [step(3, "create", "started", request=b"another")]])
def test_a_step_is_done_only_after_the_same_request_was_begun(before: list[Change]) -> None:
    story = Story()
    story.changes = [change for change in story.changes if change.row.get("name") != "licences"]
    story.changes += [replace(change, row={**change.row, "name": "licences"}) for change in before]
    story.changes.append(step(30, "licences", "done"))
    assert "I12" in story.broken()


@pytest.mark.parametrize("name", ["create", "licences", "groups", "welcome"])
def test_a_call_is_intended_before_it_is_made(name: str) -> None:
    story = Story()
    late = [replace(change, at=START + 15) for change in story.changes if change.row.get("name") == name]
    story.changes = [*(change for change in story.changes if change.row.get("name") != name), *late]
    assert story.broken() == ["I12"]


def test_the_evidence_names_calls_by_number() -> None:
    story = Story().faulty()
    story.calls += [asked_to_wait(8, seconds=30.0), about(20, Operation.GROUP, detail=GROUP)]
    assert story.evidence() == [
        "I9 north at microsoft: call 20 began 12.0 s after call 8 was answered with a wait of 30 s"
    ]
    assert OBJECT not in story.evidence()[0]
