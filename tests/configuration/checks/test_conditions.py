"""Conditions that match no student, and what they leave undecided."""

import pytest

from tests.configuration.files import Files

ENROLLED = "{id: enrolled, name: Enrolled, type: Registered, provider_action: create_account}"


def row(when: str = "") -> str:
    return ENROLLED[:-1] + (f", when: {when}" if when else "") + "}"


def with_rows(files: Files, *rows: str) -> int:
    """The example's row `enrolled`, the second of its table, becomes these; returns the line of the first."""
    return files.replace(files.tenant, ENROLLED, "\n  - ".join(rows))


def test_a_condition_that_lists_no_value_is_a_mistake_that_holds_no_one(files: Files) -> None:
    line = with_rows(files, row("{grade: []}"), row())
    findings = files.findings(secrets=False)
    (mistake,) = findings.other
    assert (mistake.place, mistake.line) == ("statuses.2.when.grade", line)
    assert "lists no value, so the row never applies" in mistake.wrong
    assert findings.unusable == {}


def test_a_rule_s_condition_that_lists_no_value_is_a_mistake_too(files: Files) -> None:
    line = files.replace(files.tenant, '["7", "8"]', "[]")
    (mistake,) = files.findings(secrets=False).other
    assert (mistake.place, mistake.line) == ("rules.2.when.grade", line)
    assert "lists no value, so the rule never applies" in mistake.wrong


@pytest.mark.parametrize(
    ("unlisted", "outcome"),
    [
        ("dead_letter", "the events of other students go to the dead-letter topic"),
        ("skip", "nothing is done for other students"),
    ],
)
def test_a_status_that_is_not_for_every_student_is_pointed_out(files: Files, unlisted: str, outcome: str) -> None:
    line = with_rows(files, row('{grade: ["7"]}'), row('{grade: ["8"]}'))
    files.replace(files.tenant, "unlisted_status: dead_letter", f"unlisted_status: {unlisted}")
    findings = files.findings()
    (notice,) = findings.notices
    assert f"north-high.yaml:{line + 1}: every row of the status `enrolled` of `north-high` has a `when`" in notice
    assert outcome in notice
    assert findings.mistakes == []


@pytest.mark.parametrize("second", ['{grade: ["7"]}', '{grade: ["7"], school: [north]}'])
def test_a_row_behind_one_for_all_of_its_students_is_pointed_out(files: Files, second: str) -> None:
    line = with_rows(files, row('{grade: ["7", "8"]}'), row(second), row())
    findings = files.findings()
    (notice,) = findings.notices
    assert f"north-high.yaml:{line + 1}: row 3 of `north-high`'s statuses never decides" in notice
    assert "row 2 is for all of its students" in notice
    assert findings.mistakes == []


def test_conditions_that_leave_no_student_out_are_not_pointed_out(files: Files) -> None:
    with_rows(files, row('{grade: ["7"]}'), row('{grade: ["7", "8"]}'), row())
    assert list(files.findings().notices) == []
