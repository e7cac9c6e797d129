"""I23: each wait has its cause and its time, and is published when it has lasted."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from consumer.events import StepName
from proof.history import Bounds, Change
from tests.proof.histories import START, TENANT, Story, failed, published, put_off, wait

BOUNDS = Bounds(report_after=900.0, report_attempts=10)


def waiting(*changes: Change) -> Story:
    """The student waits, behind the first changes of the story, and continues later."""
    story = Story()
    story.changes = [*story.changes[:2], *changes, *(replace(c, number=c.number + 50) for c in story.changes[2:])]
    story.other["bounds"] = BOUNDS
    return story


def test_a_wait_with_its_cause_is_all_right() -> None:
    assert waiting(wait(3), put_off(4)).broken() == []


def test_the_cause_may_be_written_behind_the_student_s_row() -> None:
    assert waiting(put_off(3), wait(4)).broken() == []


def test_a_wait_without_a_cause() -> None:
    assert waiting(put_off(3)).broken() == ["I23"]


def test_a_cause_that_is_over_explains_nothing() -> None:
    assert waiting(wait(3), wait(4, gone=True), put_off(5)).broken() == ["I23"]


def test_a_cause_of_an_older_version_explains_nothing() -> None:
    assert waiting(wait(3, version=0), put_off(4)).broken() == ["I23"]


@pytest.mark.parametrize(("column", "value"), [("reason", None), ("reason", "somehow"), ("step", ""), ("since", None)])
def test_a_cause_says_why_where_and_since_when(column: str, value: str | None) -> None:
    story = waiting(wait(3, **{column: value}))
    assert story.broken() == ["I23"]


def test_a_record_that_cannot_be_read_has_no_step() -> None:
    assert waiting(wait(3, reason="unreadable_record", provider="", step=""), put_off(4)).broken() == []


def test_a_student_who_is_due_at_once_needs_no_cause() -> None:
    assert waiting(put_off(3, seconds=0.0)).broken() == []


@pytest.mark.parametrize(
    ("cause", "seconds"),
    [({"since": START - 1_000}, 60.0), ({}, 1_000.0), ({"attempts": 10}, 60.0), ({"reported": True}, 60.0)],
)
def test_a_wait_that_lasts_is_published(cause: dict[str, Any], seconds: float) -> None:
    story = waiting(wait(3, **cause), put_off(4, seconds=seconds))
    assert story.broken() == ["I23"]
    _tell(story)
    assert story.broken() == []


def test_an_outcome_is_dated_from_the_asking_for_the_claim_on() -> None:
    story = waiting(wait(3, attempts=10), put_off(4))
    _tell(story, at=START + 5)
    assert story.broken() == ["I23"]
    story.other["bounds"] = replace(BOUNDS, ahead=10.0)
    assert story.broken() == []


def test_another_reason_is_another_word() -> None:
    story = waiting(wait(3, reason="outcome_unknown", attempts=10), put_off(4))
    _tell(story)
    assert story.broken() == ["I23"]


def test_a_service_s_wait_says_why() -> None:
    row = {
        "tenant_id": TENANT,
        "service": "microsoft",
        "until": START + 60,
        "step": "create",
        "reason": "consent_missing",
    }
    assert waiting(Change(3, START, "tenant_wait", row)).broken() == []
    assert waiting(Change(3, START, "tenant_wait", {**row, "reason": None})).broken() == ["I23"]


def _tell(story: Story, at: float = START + 0.4) -> None:
    outcome = failed(final=False, step=StepName.CREATE)
    outcome = replace(outcome, occurred_at=datetime.fromtimestamp(at, story.published[0].outcome.occurred_at.tzinfo))
    story.published.append(published(outcome, topic="failed"))
    story.outbox.append(replace(story.outbox[0], event_id=str(outcome.event_id), topic="failed", seq=3))
