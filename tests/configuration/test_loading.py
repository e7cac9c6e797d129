"""Each tenant's file is read by itself: whatever one of them holds, the others are read."""

from pathlib import Path

import pytest

from consumer.configuration.loading import load_tenants, read_tenants
from consumer.configuration.mistakes import Misconfigured
from consumer.events import Provider
from tests.configuration.files import Files


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id: north-high\n name: x",
        b"\xff\xfe",
        b"id: \x07",
        b"- a list",
        b"id: north-high\nid: north-high",
        b"name: 2026-13-45",
        b"id: &a [*a]",
        b"[" * 5_000,
        b"? [a]\n: b",
        b"id: !!python/object:os.system x",
    ],
)
def test_whatever_a_file_holds_the_others_are_read(files: Files, content: bytes) -> None:
    files.copy("south-high", ("students.north-high", "students.south-high"))
    files.tenant.write_bytes(content)
    read = read_tenants(files.tenant.parent)
    assert [tenant.id for tenant, _ in read.loaded] == ["south-high"]
    assert list(read.broken) == ["north-high"]
    assert read.broken["north-high"].mistakes
    assert read.broken["north-high"].outline is None


def test_a_file_that_is_none_is_reported(files: Files) -> None:
    files.tenant.unlink()
    files.tenant.mkdir()
    with pytest.raises(Misconfigured, match="The file cannot be read"):
        load_tenants(files.tenant.parent)


def test_a_file_with_a_mistake_elsewhere_still_tells_the_status_table_and_the_providers(files: Files) -> None:
    files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    outline = read_tenants(files.tenant.parent).broken["north-high"].outline
    assert outline is not None
    assert outline.providers == (Provider.MICROSOFT,)
    assert [row.id for row in outline.statuses] == ["applied", "enrolled", "withdrawn"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("provider_action: create_account", "provider_action: make_account"),
        ("microsoft:\n", "mikrosoft:\n"),
        ("id: north-high", "id: south-high"),
        ("id: applied", "id: enrolled"),
        ("unlisted_status: dead_letter", "unlisted_status: perhaps"),
    ],
)
def test_a_table_with_a_mistake_in_it_tells_nothing(files: Files, old: str, new: str) -> None:
    files.replace(files.tenant, old, new)
    assert read_tenants(files.tenant.parent).broken["north-high"].outline is None


def test_a_copied_file_does_not_take_the_place_of_the_tenant_that_it_was_copied_from(files: Files) -> None:
    files.tenant.with_name("south-high.yaml").write_text(files.tenant.read_text())
    read = read_tenants(files.tenant.parent)
    assert [tenant.id for tenant, _ in read.loaded] == ["north-high"]
    assert list(read.broken) == ["south-high"]


def test_a_directory_without_tenants_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No tenant is configured here"):
        read_tenants(tmp_path)


def test_a_file_may_end_in_yml(files: Files) -> None:
    files.tenant.rename(files.tenant.with_suffix(".yml"))
    assert [tenant.id for tenant, _ in read_tenants(files.tenant.parent).loaded] == ["north-high"]
    assert files.messages() == []


def test_two_files_for_one_tenant_are_a_mistake_of_this_tenant(files: Files) -> None:
    files.copy("south-high", ("students.north-high", "students.south-high"))
    files.tenant.with_suffix(".yml").write_text(files.tenant.read_text())
    read = read_tenants(files.tenant.parent)
    assert [tenant.id for tenant, _ in read.loaded] == ["south-high"]
    (mistake,) = read.broken["north-high"].mistakes
    assert "There are two files for this tenant" in str(mistake)
    assert read.broken["north-high"].outline is None


def test_files_that_are_no_tenant_s_are_pointed_out_and_hidden_ones_are_not(files: Files) -> None:
    for name in ("south-high.yaml.txt", "._north-high.yaml", ".#north-high.yaml"):
        files.tenant.with_name(name).write_text("x")
    findings = files.findings()
    assert findings.mistakes == []
    (notice,) = findings.notices
    assert "south-high.yaml.txt is not read" in notice


def test_a_file_that_gives_a_key_twice_tells_nothing(files: Files) -> None:
    files.replace(files.tenant, "name: North High School", "name: x\nname: y")
    assert read_tenants(files.tenant.parent).broken["north-high"].outline is None
