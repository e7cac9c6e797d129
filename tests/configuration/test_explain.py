"""`config explain` says in words what a status does."""

from pathlib import Path

import pytest

from consumer.configuration.explain import explain
from consumer.configuration.loading import load_tenants
from consumer.tenants import Tenant

ROOT = Path(__file__).parents[2]


@pytest.fixture
def tenant() -> Tenant:
    return load_tenants(ROOT / "config/tenants")[0][0]


def test_a_status_that_acts_is_explained_step_by_step(tenant: Tenant) -> None:
    text = "\n".join(explain(tenant, "enrolled", {"grade": "7"}))
    assert "maria.rossi@students.north-high.example" in text
    assert "Rule 2 applies: grade is 7 or 8" in text
    assert "02bd9fd6-8f93-4758-87c3-1fb73740a315" in text
    assert "Send the mail" in text


def test_the_steps_are_those_of_the_plan_in_its_order(tenant: Tenant) -> None:
    steps = [
        line.split(". ", 1)[1].split()[0] for line in explain(tenant, "enrolled", {"grade": "7"}) if line[:4] == "    "
    ]
    assert steps[:6] == ["Reserve", "Create", "Assign", "Add", "Publish", "Send"]


def test_an_attribute_that_no_rule_names_gives_no_group(tenant: Tenant) -> None:
    assert "groups" not in "\n".join(explain(tenant, "enrolled", {"grade": "9"}))


def test_a_status_without_action_does_nothing(tenant: Tenant) -> None:
    assert "no provider action" in "\n".join(explain(tenant, "withdrawn", {}))


def test_an_unlisted_status_goes_to_the_dead_letters(tenant: Tenant) -> None:
    assert "dead-letter topic" in "\n".join(explain(tenant, "graduated", {}))


def test_an_excluded_student_is_left_alone(tenant: Tenant) -> None:
    assert "excluded" in "\n".join(explain(tenant, "enrolled", {}, sync_disabled=True))
