from pathlib import Path

import pytest

from consumer.configuration.candidate import read_one, tenants_folder
from consumer.configuration.mistakes import Misconfigured
from tests.configuration.files import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def templates(files: Files) -> Path:
    return files.root / "templates"


def test_a_folder_holds_the_files_itself_or_in_one_called_tenants(files: Files) -> None:
    within = files.tenant.parent
    assert tenants_folder(within.parent) == tenants_folder(within) == within


def test_the_tenant_is_read_without_opening_a_secret(files: Files) -> None:
    tenant, mistakes = read_one(files.tenant.parent, "north-high", templates(files))
    assert tenant is not None
    assert (tenant.name, mistakes) == ("North High School", ())


def test_a_tenant_without_a_file_is_none(files: Files) -> None:
    assert read_one(files.tenant.parent, "south-high", templates(files)) == (None, ())


@pytest.mark.parametrize(("old", "new"), [("name: North High School", "nam: x"), ("{given}.{family}{n}", "{given")])
def test_a_file_that_cannot_be_used_is_refused_with_its_mistakes(files: Files, old: str, new: str) -> None:
    files.replace(files.tenant, old, new)
    with pytest.raises(Misconfigured, match="north-high"):
        read_one(files.tenant.parent, "north-high", templates(files))


def test_mistakes_that_hold_no_student_are_handed_over(files: Files) -> None:
    files.replace(files.tenant, '["7", "8"]', "[]")
    _, (mistake,) = read_one(files.tenant.parent, "north-high", templates(files))
    assert "never applies" in str(mistake)
