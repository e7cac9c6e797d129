"""Tenants that share a domain both declare it; every overlap is reported with the files and lines of both."""

import pytest

from tests.configuration.files import Files

OTHER_DIRECTORY = ("tenant_id: 6babcaad", "tenant_id: 7babcaad")
OTHER_DOMAIN = ("domain: students.north-high.example", "domain: students.south-high.example")


def shares(ident: str) -> tuple[str, str]:
    return ("addresses:\n", f"addresses:\n  shared_with: [{ident}]\n")


def test_a_domain_that_no_one_declares_as_shared_is_a_mistake_of_both(files: Files) -> None:
    files.copy("south-high", OTHER_DIRECTORY)
    line = files.tenant.read_text().splitlines().index("  domain: students.north-high.example") + 1
    north, south = files.messages()
    for mine, other, message in (("north", "south", north), ("south", "north", south)):
        assert f"{mine}-high.yaml:{line}: `addresses.domain` is the domain of `{other}-high` too" in message
        assert f"{other}-high.yaml:{line})" in message
        assert f"name `{other}-high` in `addresses.shared_with` here, and `{mine}-high` there" in message


def test_a_domain_that_one_declares_as_shared_is_a_mistake_of_the_other(files: Files) -> None:
    files.copy("south-high", OTHER_DIRECTORY, shares("north-high"))
    (message,) = files.messages()
    assert "north-high.yaml" in message.partition(" ")[0]


def test_a_domain_that_both_declare_as_shared_is_right_and_reported(files: Files) -> None:
    files.copy("south-high", OTHER_DIRECTORY, shares("north-high"))
    files.replace(files.tenant, *shares("south-high"))
    findings = files.findings()
    assert findings.mistakes == []
    (notice,) = findings.notices
    assert notice.endswith("share one domain.")


def test_a_directory_may_be_shared_and_is_reported_with_both_files_and_lines(files: Files) -> None:
    files.copy("south-high", OTHER_DOMAIN)
    files.replace(files.tenant, "6babcaad", "6BABCAAD")
    line = files.tenant.read_text().splitlines().index("  tenant_id: 6BABCAAD-604b-40ac-a9d7-9fd97c0b779f") + 1
    findings = files.findings()
    assert findings.mistakes == []
    (notice,) = findings.notices
    assert notice.endswith("share one Entra directory.")
    assert f"north-high.yaml:{line})" in notice
    assert f"south-high.yaml:{line})" in notice


@pytest.mark.parametrize(
    ("north", "south", "shared"),
    [
        ("admin_subject: a@x.example", "admin_subject: b@x.example", "share"),
        ("admin_subject: a@x.example", "admin_subject: b@y.example", ""),
        ("customer_id: C012, admin_subject: a@x.example", "customer_id: C012, admin_subject: b@y.example", "share"),
        ("customer_id: C012, admin_subject: a@x.example", "customer_id: C013, admin_subject: a@x.example", ""),
    ],
)
def test_a_workspace_customer_is_reported_by_its_id_or_by_its_administrator_s_domain(
    files: Files, north: str, south: str, shared: str
) -> None:
    files.copy("south-high", OTHER_DOMAIN, OTHER_DIRECTORY)
    for file, about in ((files.tenant, north), (files.tenant.with_name("south-high.yaml"), south)):
        files.replace(file, "addresses:\n", f"google: {{service_account: env:KEY, {about}}}\naddresses:\n")
    notices = files.findings(secrets=False).notices
    assert ["share" for notice in notices if notice.endswith("share one Workspace customer.")] == shared.split()


def test_a_domain_below_another_s_is_no_overlap(files: Files) -> None:
    files.copy("south-high", OTHER_DIRECTORY, ("domain: students.", "domain: new.students."))
    findings = files.findings()
    assert (findings.mistakes, findings.notices) == ([], [])


@pytest.mark.parametrize(
    ("ident", "wrong"),
    [
        ("north-high", "names the tenant itself"),
        ("west-high", "there is no such tenant"),
        ("south-high", "whose domain is another"),
    ],
)
def test_a_declaration_that_is_not_so_is_reported(files: Files, ident: str, wrong: str) -> None:
    files.copy("south-high", OTHER_DIRECTORY, OTHER_DOMAIN)
    files.replace(files.tenant, *shares(ident))
    (message,) = files.messages()
    assert "`addresses.shared_with.1`" in message
    assert wrong in message


def test_a_declaration_that_names_a_tenant_whose_file_is_broken_is_right(files: Files) -> None:
    files.copy("south-high", ("usage_location: GR", "usage_location: Greece"), shares("north-high"))
    files.replace(files.tenant, *shares("south-high"))
    assert list(files.findings().unusable) == ["south-high"]
    assert files.findings().other == []
