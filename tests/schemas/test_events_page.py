"""`docs/events.md` says what the schemas and the closed sets say."""

from pathlib import Path

import pytest

from consumer.codec.dead_letters import DeadLetterReason
from consumer.policy.plan import PlannedStep
from consumer.settings import Topics
from tests.schemas.tables import LETTER_MEANINGS, failures_table, fields_table, reasons_table

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/events.md").read_text()


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "schemas").glob("*.avsc")))
def test_the_fields_of_each_topic_are_on_the_page(name: str) -> None:
    assert fields_table(name) in PAGE


def test_every_reason_of_a_dead_letter_is_explained() -> None:
    assert set(LETTER_MEANINGS) == set(DeadLetterReason)
    assert reasons_table() in PAGE


def test_every_reason_of_a_failure_is_explained() -> None:
    assert failures_table() in PAGE


def test_every_step_of_a_plan_is_named() -> None:
    _, section = PAGE.split("### `account-planned`")
    assert [step for step in PlannedStep if f"`{step}`" not in section] == []


def test_every_public_topic_has_its_section() -> None:
    for topic in set(Topics().model_dump().values()) - {Topics().relay_progress}:
        assert f"`{topic}`" in PAGE
