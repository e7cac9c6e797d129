"""Identifiers that the vendors would refuse, and rules that do nothing."""

import pytest

from tests.configuration.files import Files

SKU, GROUP = "314c4481-f395-4525-be8b-2ec4bb1e9d91", "02bd9fd6-8f93-4758-87c3-1fb73740a315"
GOOGLE = ("addresses:\n", "google: {service_account: env:KEY, admin_subject: a@school.example}\naddresses:\n")


@pytest.mark.parametrize(
    ("old", "new", "place", "wrong"),
    [
        (SKU, "STANDARDWOFFPACK_STUDENT", "rules.1.licences.1", "not a SKU id"),
        (SKU, SKU[:-1], "rules.1.licences.1", "not a SKU id"),
        (SKU, "101031/101031 0008", "rules.1.licences.1", "not `product/sku`"),
        (SKU, "101031/", "rules.1.licences.1", "not `product/sku`"),
        (SKU, "101031/8, 101031/5", "rules.1.licences.2", "of the same product as `101031/8`"),
        (GROUP, "grade-7@north-high.example", "rules.2.groups.microsoft.1", "not a group's object id"),
        (f"microsoft: [{GROUP}]", f"google: [{GROUP}]", "rules.2.groups.google.1", "not a group's address"),
        ("groups:\n", "org_unit: Students/7\n    groups:\n", "rules.2.org_unit", "is not a path"),
        ("groups:\n", "org_unit: /Students/\n    groups:\n", "rules.2.org_unit", "is not a path"),
        ("groups:\n", "org_unit: ''\n    groups:\n", "rules.2.org_unit", "is not a path"),
        (
            "groups:\n",
            "admin_unit: Sevenths\n    groups:\n",
            "rules.2.admin_unit",
            "not an administrative unit's object id",
        ),
    ],
)
def test_what_a_vendor_would_refuse_is_reported_and_holds_no_one(
    files: Files, old: str, new: str, place: str, wrong: str
) -> None:
    files.replace(files.tenant, *GOOGLE)
    line = files.replace(files.tenant, old, new)
    findings = files.findings(secrets=False)
    (mistake,) = findings.other
    assert (mistake.place, mistake.line) == (place, line)
    assert wrong in mistake.wrong
    assert findings.unusable == {}


def test_the_leavers_unit_is_a_path_too(files: Files) -> None:
    files.replace(files.tenant, *GOOGLE)
    line = files.replace(files.tenant, "welcome_email:\n", "suspension:\n  org_unit: Leavers\nwelcome_email:\n") + 1
    (mistake,) = files.findings(secrets=False).other
    assert (mistake.place, mistake.line, "is not a path" in mistake.wrong) == ("suspension.org_unit", line, True)


def test_units_that_may_be_created_and_are_named_nowhere_are_pointed_out(files: Files) -> None:
    section, more = GOOGLE[1].removesuffix("}\naddresses:\n"), ", create_org_units: true}\naddresses:\n"
    line = files.replace(files.tenant, GOOGLE[0], section + more)
    (notice,) = files.findings(secrets=False).notices
    assert f"north-high.yaml:{line}: `north-high` lets organisational units be created" in notice


@pytest.mark.parametrize(
    "new", ["google: [grade-7@north-high.example]", "google: [01ci93xb3tmzyin]", f"microsoft: [{GROUP.upper()}]"]
)
def test_groups_in_every_form_that_the_vendors_take_are_right(files: Files, new: str) -> None:
    files.replace(files.tenant, *GOOGLE)
    files.replace(files.tenant, f"microsoft: [{GROUP}]", new)
    assert files.messages(secrets=False) == []


def test_an_administrative_unit_is_for_microsoft_alone(files: Files) -> None:
    text = files.tenant.read_text()
    files.replace(files.tenant, text[text.index("microsoft:") : text.index("addresses:")], "")
    files.replace(files.tenant, *GOOGLE)
    line = files.replace(files.tenant, "groups:\n", f"admin_unit: {GROUP}\n    groups:\n")
    mistakes = [one for one in files.findings(secrets=False).other if one.place == "rules.2.admin_unit"]
    assert [(one.line, one.wrong) for one in mistakes] == [(line, "is for microsoft, which this tenant does not use")]


def test_a_rule_that_gives_an_administrative_unit_gives_something(files: Files) -> None:
    files.replace(files.tenant, f"licences: [{SKU}]", f"admin_unit: {GROUP.upper()}")
    assert files.findings().notices == []


def test_a_tenant_for_whom_nothing_is_done_is_pointed_out(files: Files) -> None:
    line = files.replace(files.tenant, ", provider_action: create_account", "") - 2
    findings = files.findings()
    (notice,) = findings.notices
    assert f"north-high.yaml:{line}: no status of `north-high` has a `provider_action`" in notice
    assert findings.mistakes == []


def test_a_rule_that_gives_nothing_is_pointed_out(files: Files) -> None:
    files.replace(files.tenant, f"licences: [{SKU}]", "licences: []")
    (notice,) = files.findings().notices
    assert "rule 1 of `north-high` gives nothing" in notice


def test_licences_of_both_vendors_stand_in_one_list(files: Files) -> None:
    files.replace(files.tenant, *GOOGLE)
    files.replace(files.tenant, SKU, f"{SKU}, 101031/1010310008, Google-Drive-storage/Google-Drive-storage-20GB")
    assert files.messages(secrets=False) == []


def test_a_licence_of_a_vendor_that_the_tenant_does_not_use_is_a_mistake(files: Files) -> None:
    line = files.replace(files.tenant, SKU, "101031/1010310008")
    (mistake,) = files.findings(secrets=False).other
    assert (mistake.place, mistake.line) == ("rules.1.licences.1", line)
    assert "is for google, which this tenant does not use" in mistake.wrong
    assert "Google's are `product/sku`" in mistake.right


@pytest.mark.parametrize(("when", "pointed_out"), [("", True), ("when: {grade: ['9']}, ", False)])
def test_rules_that_give_two_skus_of_a_product_where_both_match_are_pointed_out(
    files: Files, when: str, *, pointed_out: bool
) -> None:
    files.replace(files.tenant, *GOOGLE)
    files.replace(
        files.tenant,
        SKU,
        f"{SKU}, 101031/8]\n    when: {{grade: ['7']}}\n  - {{{when}licences: [101031/5]}}\n  - licences: [{SKU}",
    )
    notices = files.findings(secrets=False).notices
    assert any("rules 1 and 2 of `north-high` give `101031/8` and `101031/5`" in one for one in notices) is pointed_out
