"""docs/first-school.md, followed word by word: a fresh copy of the checkout, an empty home, three terminals, every command as printed."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.parts.artefacts import Say
from tests.printed.collected import ROOT, SHELLS
from tests.printed.first_school import PAGE, Office
from tests.printed.installation import Shell, wait

TEST_STUDENT = "test.student@students.north-high.example"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what git has, and of what is new here."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607  whichever git there is
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            target = tmp_path / "checkout" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return tmp_path / "checkout"


@pytest.fixture
def office(checkout: Path, tmp_path: Path) -> Iterator[Office]:
    home = tmp_path / "home"
    home.mkdir()
    office = Office(checkout, home, tmp_path)
    yield office
    office.kill()


def answered_by_the_administrators(office: Office, written: str) -> str:
    """The school's file with the values of a simulated school: no test reaches a real vendor."""
    school: dict[str, Any] = yaml.safe_load(written)
    simulated: dict[str, Any] = yaml.safe_load((office.folder / "sim/tenants/north-high.yaml").read_text())
    for section, secret in (("microsoft", "client_secret"), ("mailgun", "api_key")):
        reference = school[section][secret].removeprefix("file:")
        shutil.copy(simulated[section][secret].removeprefix("file:"), office.folder / reference)
        school[section] = {**simulated[section], secret: f"file:{reference}"}
    school["addresses"]["domain"] = simulated["addresses"]["domain"]
    return yaml.safe_dump(school)


@pytest.mark.long(seconds=200)
@pytest.mark.parts
def test_the_page_leads_from_an_empty_folder_to_the_first_account(office: Office, say: Say) -> None:
    began = time.monotonic()
    first_account = 0.0
    for block in PAGE.blocks:
        if block.language in SHELLS:
            office.follow(block)
            if "provisioner simulate outcomes" in block.commands and not first_account:
                first_account = time.monotonic() - began
        elif block.info.startswith("yaml "):
            written = answered_by_the_administrators(office, "\n".join(block.lines))
            (office.folder / block.info.removeprefix("yaml ")).write_text(written)
    third = office.terminal("third")
    wait(
        "the school's student has an account", lambda: TEST_STUDENT in third.shell.run("provisioner simulate outcomes")
    )
    office.close()
    office.terminal("fourth").enter("make demo")
    say(
        f"docs/first-school.md: the first account after {first_account:.0f} s, the page's end after {time.monotonic() - began:.0f} s"
    )


def test_the_page_s_example_for_google_is_read_as_it_is_written(tmp_path: Path) -> None:
    """In place of `microsoft`, as the page says."""
    school, google = (yaml.safe_load("\n".join(block.lines)) for block in PAGE.blocks if block.language == "yaml")
    del school["microsoft"]
    (tmp_path / "config/tenants").mkdir(parents=True)
    shutil.copy(ROOT / "config/service.yaml", tmp_path / "config/service.yaml")
    rules = [{"org_unit": "/Students"}]
    text = yaml.safe_dump({**school, **google, "rules": rules})
    (tmp_path / "config/tenants/my-school.yaml").write_text(text)
    shell = Shell(tmp_path, {"PROVISIONER_TEMPLATES_DIR": str(ROOT / "templates")})
    shell.run("provisioner config check --no-secrets")
