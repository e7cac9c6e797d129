"""`config explain` says in words what a status does."""

from pathlib import Path

import pytest

from consumer.configuration.explain import explain
from consumer.configuration.loading import load_tenants
from consumer.events import ProviderAction
from consumer.settings import SecretRef
from consumer.tenants import Deletion, DeletionNotice, GoogleSection, OnChange, Rule, StatusRow, Tenant, UnlistedStatus

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


def test_an_update_is_explained_for_a_student_who_has_an_account(tenant: Tenant) -> None:
    row = StatusRow(id="moved-up", name="Moved up", type="Registered", provider_action=ProviderAction.UPDATE_ACCOUNT)
    lines = list(explain(tenant.model_copy(update={"statuses": (row,)}), "moved-up", {"grade": "7"}))
    assert any("a student without an account is given none" in line for line in lines)
    steps = [line.split(". ", 1)[1].split()[0] for line in lines if line[:4] == "    "]
    assert steps == ["Revisit", "Assign", "Add", "Publish"]


def test_what_follows_the_rules_is_explained(tenant: Tenant) -> None:
    row = StatusRow(id="moved-up", name="Moved up", type="Registered", provider_action=ProviderAction.UPDATE_ACCOUNT)
    following = tenant.model_copy(update={"statuses": (row,), "on_change": OnChange.FOLLOW})
    text = "\n".join(explain(following, "moved-up", {"grade": "7"}))
    assert "Write the names and the language" in text
    assert "Remove from groups that this service gave" in text


def test_a_unit_that_may_be_created_is_said_to_be(tenant: Tenant) -> None:
    google = GoogleSection(
        service_account=SecretRef("env:KEY"), admin_subject="it@north-high.example", create_org_units=True
    )
    rules = (Rule(org_unit="/Students/7"),)
    text = "\n".join(explain(tenant.model_copy(update={"google": google, "rules": rules}), "enrolled", {}))
    assert "in /Students/7 (the unit is created where it does not exist)." in text


def test_an_administrative_unit_is_named(tenant: Tenant) -> None:
    placed = tenant.model_copy(update={"rules": (Rule(admin_unit="u1"),), "on_change": OnChange.FOLLOW})
    assert "Put the account into the administrative unit u1." in "\n".join(explain(placed, "enrolled", {}))


def test_an_attribute_that_no_rule_names_gives_no_group(tenant: Tenant) -> None:
    assert "groups" not in "\n".join(explain(tenant, "enrolled", {"grade": "9"}))


def test_a_status_without_action_does_nothing(tenant: Tenant) -> None:
    assert "no provider action" in "\n".join(explain(tenant, "withdrawn", {}))


def test_an_unlisted_status_goes_to_the_dead_letters(tenant: Tenant) -> None:
    assert "dead-letter topic" in "\n".join(explain(tenant, "graduated", {}))


def test_an_excluded_student_is_left_alone(tenant: Tenant) -> None:
    assert "excluded" in "\n".join(explain(tenant, "enrolled", {}, sync_disabled=True))


def conditional(tenant: Tenant, *, unlisted: UnlistedStatus = UnlistedStatus.DEAD_LETTER, last: bool = True) -> Tenant:
    row = StatusRow(id="promoted", name="Promoted", type="Registered")
    seventh = {"when": {"grade": ("7", "8")}, "provider_action": ProviderAction.CREATE_ACCOUNT}
    rows = (row.model_copy(update=seventh), *([row] if last else []))
    return tenant.model_copy(update={"statuses": (*tenant.statuses, *rows), "unlisted_status": unlisted})


def test_of_rows_with_conditions_all_are_listed_and_the_one_that_decides_is_named(tenant: Tenant) -> None:
    lines = list(explain(conditional(tenant), "promoted", {"grade": "7"}))
    assert lines[:4] == [
        "Status `promoted` of North High School depends on the student's attributes. The first of its rows that matches decides:",
        '  Row 4, "Promoted" (Registered), decides: grade is 7 or 8. Its action: create_account.',
        '  Row 5, "Promoted" (Registered), is not looked at: it applies to every student. Its action: none.',
        "It creates an account, or opens a suspended one again. For a student called Maria Rossi:",
    ]


def test_a_student_with_other_attributes_is_decided_by_a_later_row(tenant: Tenant) -> None:
    lines = list(explain(conditional(tenant), "promoted", {"grade": "9"}))
    assert [line.split("), ")[1].split(":")[0] for line in lines[1:3]] == ["does not match", "decides"]
    assert "no provider action" in lines[3]


@pytest.mark.parametrize(
    ("unlisted", "end"),
    [(UnlistedStatus.DEAD_LETTER, "dead-letter topic"), (UnlistedStatus.SKIP, "`unlisted_status` is `skip`")],
)
def test_a_student_whom_no_row_matches_is_explained_as_one_with_an_unlisted_status(
    tenant: Tenant, unlisted: UnlistedStatus, end: str
) -> None:
    lines = list(explain(conditional(tenant, unlisted=unlisted, last=False), "promoted", {}))
    assert lines[2] == "  No row matches, so the status is decided as one that is not in the table."
    assert end in lines[3]
    assert len(lines) == 4


def test_a_tenant_in_dry_run_is_said_to_be(tenant: Tenant) -> None:
    words = "\n".join(explain(tenant.model_copy(update={"dry_run": True}), "enrolled", {}))
    assert "is in dry run: what follows is published as a plan (`account-planned`), and not done." in words
    assert "dry run" not in "\n".join(explain(tenant, "enrolled", {}))


def test_a_deletion_that_is_announced_says_when_and_to_whom(tenant: Tenant) -> None:
    row = StatusRow(id="left", name="Left", type="Left", provider_action=ProviderAction.DELETE_ACCOUNT)
    notice = DeletionNotice(office=("office@north-high.example",))
    changed = {"statuses": (*tenant.statuses, row), "deletion": Deletion(notice=notice)}
    lines = list(explain(tenant.model_copy(update=changed), "left", {}))
    (line,) = [one for one in lines if "Delete the account after 30 days" in one]
    assert line.endswith(
        " 7 days before, send the mail `account-deletion-notice-email` to the student's own address and the office (en)."
    )
    assert "office@" not in line


def test_googles_licences_are_explained_as_the_last_step(tenant: Tenant) -> None:
    google = GoogleSection(service_account=SecretRef("env:KEY"), admin_subject="it@school.example")
    rules = (Rule(licences=("101031/1010310008",)),)
    lines = list(
        explain(tenant.model_copy(update={"microsoft": None, "google": google, "rules": rules}), "enrolled", {})
    )
    steps = [line.split(". ", 1)[1] for line in lines if line[:4] == "    "]
    assert [step.split()[0] for step in steps] == ["Reserve", "Create", "Publish", "Send", "Assign"]
    assert "in the student's turn, as Google takes about one a second: 101031/1010310008." in steps[-1]
