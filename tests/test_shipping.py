"""What is shipped: the locks, the image, the composition of everything on real parts.

No container engine is needed: `docker-compose.yml` is held against the Compose specification's own schema, and the image's build steps
are carried out in a plain directory.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Set as AbstractSet
from importlib.resources import files
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from consumer import __version__
from consumer.configuration.loading import load_settings
from testbed.parts.image import PlainImage

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-sandbox.lock", "requirements-dev.lock")
BUILD = "requirements-build.lock"
PEERS = "bench/peers/requirements.lock"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
SANDBOX: dict[str, Any] = tomllib.loads((ROOT / "sandbox/pyproject.toml").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


@pytest.mark.parametrize("lock", [*LOCKS, BUILD, PEERS])
def test_a_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", (ROOT / lock).read_text())


@pytest.mark.parametrize("lock", [*LOCKS, BUILD, PEERS])
def test_a_lock_holds_every_package_to_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_meets_what_the_project_asks_for(lock: str) -> None:
    asked: list[str] = list(PROJECT["project"]["dependencies"])
    if lock != LOCKS[0]:
        asked += [each for each in SANDBOX["project"]["dependencies"] if each != "provisioner"] + PROJECT[
            "build-system"
        ]["requires"]
    if lock == LOCKS[2]:
        asked += PROJECT["dependency-groups"]["dev"]
    locked = _locked(lock)
    missing = [text for text in asked if not _meets(locked, Requirement(text))]
    assert missing == [], f"run `make lock` and commit {lock}"


def test_the_sandbox_is_locked_with_the_service_beside_it_and_not_with_what_an_index_has_under_that_name() -> None:
    assert SANDBOX["tool"]["uv"]["sources"] == {"provisioner": {"path": ".."}}


@pytest.mark.long(seconds=60)
def test_what_is_released_installs_into_an_empty_environment_and_runs_there() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "release-check"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  our own
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"provisioner {__version__}" in done.stdout


@pytest.mark.long(seconds=40)
def test_the_bill_of_materials_has_what_the_image_is_locked_to() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "sbom"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  our own
    assert done.returncode == 0, done.stdout + done.stderr
    bill = json.loads((ROOT / ".cache/sbom/provisioner.cdx.json").read_text())
    found = {canonicalize_name(one["name"]): one["version"] for one in bill["components"]}
    assert found.items() <= _locked("requirements.lock").items()
    assert {canonicalize_name(Requirement(text).name) for text in PROJECT["project"]["dependencies"]} <= found.keys()
    described = bill["metadata"]["component"]
    assert (bill["bomFormat"], described["name"], described["version"]) == ("CycloneDX", "provisioner", __version__)


def test_the_licence_is_there_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_each_lock_is_within_the_next() -> None:
    service, demo, dev = (_locked(lock).items() for lock in LOCKS)
    assert service <= demo <= dev


def test_the_image_is_built_by_what_builds_a_checkout() -> None:
    build = _locked(BUILD)
    assert all(_meets(build, Requirement(text)) for text in PROJECT["build-system"]["requires"])
    assert build.items() <= _locked(LOCKS[1]).items()


def test_the_composition_keeps_to_the_compose_specification() -> None:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text())
    mistakes: list[str] = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)]  # pyright: ignore[reportUnknownMemberType] - untyped there
    assert mistakes == []


def test_the_composition_refers_only_to_what_is_there() -> None:
    for service in SERVICES.values():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys()
        for needed, how in service.get("depends_on", {}).items():
            assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[needed]
        for source in (volume.split(":")[0] for volume in service.get("volumes", [])):
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()


def test_the_composed_service_is_configured_without_mistakes() -> None:
    settings = load_settings(ROOT / "deploy" / "service.yaml", {})
    assert settings.database.url.endswith("@postgres:5432/provisioner")


def test_the_composed_service_waits_for_all_that_it_needs() -> None:
    needed = {
        name
        for name, service in SERVICES.items()
        if name != "events" and service["image"] in {"provisioner", "provisioner-sandbox"}
    }
    assert needed - {"provisioner"} == SERVICES["provisioner"]["depends_on"].keys()


def test_prometheus_asks_the_replicas_where_they_answer() -> None:
    scraped = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text())["scrape_configs"][0]["dns_sd_configs"]
    settings = load_settings(ROOT / "deploy" / "service.yaml", {})
    assert [(each["names"], each["port"]) for each in scraped] == [(["provisioner"], settings.http.port)]
    assert SERVICES["provisioner"]["deploy"]["replicas"] == 2


def test_our_commands_load_nothing_of_the_sandbox() -> None:
    assert _loaded_by_our_commands() & {"sandbox", "testbed", "proof"} == set()


def test_a_command_is_loaded_when_it_is_called() -> None:
    assert _loaded("import consumer.cli") & {"sqlalchemy", "aiohttp", "alembic", "pydantic", "google"} == set()
    assert "alembic" not in _loaded("import consumer.cli.run, consumer.cli.student")


def _loaded_by_our_commands() -> AbstractSet[str]:
    return _loaded(
        """
        from typer.main import get_command
        from consumer.cli import app
        from consumer.cli.extensions import extensions
        commands = get_command(app)
        ours = [commands.get_command(None, name) for name in commands.list_commands(None) if name not in extensions()]
        assert len(ours) > 15
        """
    )


def _loaded(program: str) -> AbstractSet[str]:
    """Top-level packages that are imported after it."""
    whole = f"{dedent(program)}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603  ours
    return set(done.stdout.split())


def test_docker_builds_the_service_where_no_target_is_named() -> None:
    stages = re.findall(r"^FROM .*$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert stages[-1] == "FROM base AS service"


@pytest.mark.long(seconds=40)
@pytest.mark.parts
@pytest.mark.parametrize("target", ["service", "sandbox"])
def test_an_image_builds_in_a_plain_directory_and_its_command_runs(tmp_path: Path, target: str) -> None:
    image = PlainImage(tmp_path / "image", ROOT, target)
    image.build(ROOT / "Dockerfile")

    assert image.user not in {"root", "0"}
    assert image.entrypoint == '["provisioner"]'
    installed = next((image.root / "opt/venv/lib").glob("python3*/site-packages"))
    assert not (installed / "pip").exists()
    for folder in ("schemas", "templates"):
        assert _tree(installed / "consumer" / "_data" / folder) == _tree(ROOT / folder)
    done = subprocess.run(  # noqa: S603 - the image's own entry point
        [image.root / "opt/venv/bin/provisioner", "--help"],
        cwd=image.workdir,
        env=image.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (installed / "sandbox").exists() == (" simulate " in done.stdout) == (target == "sandbox")
    simulators = {
        path.name for path in installed.rglob("*") if path.name in {"simulators", "embedded", "embedded_postgres"}
    }
    assert bool(simulators) == (target == "sandbox")


def _locked(lock: str) -> dict[str, str]:
    """Name and version of every package in the lock."""
    found = re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ ;\\]+)", (ROOT / lock).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


def _meets(locked: dict[str, str], asked: Requirement) -> bool:
    version = locked.get(canonicalize_name(asked.name))
    return version is not None and Version(version) in asked.specifier


def _tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
