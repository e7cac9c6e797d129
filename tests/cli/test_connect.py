"""`provisioner config check --connect`: the command, from files to lines and exit status."""

import re
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from consumer.cli import app
from sandbox.simulators.served import ServedInThread
from sandbox.simulators.vendors import Institution
from sandbox.simulators.world import World
from tests.preflight.installation import NORTH

SOUTH = Institution("south", "South College", NORTH.providers)
UNREACHABLE = "127.0.0.1:1"


class Installation:
    """Two institutions whose vendors are served, and a service whose own dependencies are away."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world = world
        self.config = folder / "service.yaml"
        settings = {
            "kafka": {"bootstrap_servers": UNREACHABLE},
            "registry": {"url": f"http://{UNREACHABLE}"},
            "database": {"url": f"postgresql://stranger@{UNREACHABLE}/nothing"},
            "vault": [{"id": "k", "key": f"file:{folder / 'vault.key'}"}],
            "tenants_dir": str(world.directory / "tenants"),
            "templates_dir": str(Path(__file__).parents[2] / "templates"),
        }
        self.config.write_text(yaml.safe_dump(settings, sort_keys=False))
        (folder / "vault.key").write_text(b64encode(bytes(32)).decode())

    def check(self, *arguments: str, **environ: str) -> Result:
        command = ["config", "check", "--config", str(self.config), *arguments]
        return CliRunner().invoke(app, command, env={"COLUMNS": "300", **environ})


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    world = World([NORTH, SOUTH], tmp_path, clock=time.time, seed=1)
    with ServedInThread(world.server) as server:
        world.write_tenants(world.tenants(server))
        yield Installation(tmp_path, world)


def test_a_healthy_tenant_has_no_line_and_status_0(installation: Installation) -> None:
    result = installation.check("--connect", "--tenant", "north")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "Note:" not in result.stdout


def test_each_mistake_is_a_line_with_file_line_and_key_and_the_status_is_1(installation: Installation) -> None:
    installation.world.graph.directories[NORTH.guid("tenant")].federated.add(NORTH.domain)
    result = installation.check("--connect", "--tenant", "north")
    assert result.exit_code == 1
    first, *others = result.stderr.splitlines()
    assert re.search(r"north\.yaml:\d+: `addresses\.domain` is federated", first)
    assert others == ["1 mistake."]


def test_the_service_s_own_dependencies_are_contacted_too(installation: Installation) -> None:
    result = installation.check("--connect")
    assert result.exit_code == 1
    for place in ("kafka.bootstrap_servers", "registry.url", "database.url"):
        assert f"`{place}` " in result.stderr
    assert "3 mistakes." in result.stderr


def test_a_value_from_the_environment_is_found_at_its_variable(installation: Installation) -> None:
    result = installation.check("--connect", PROVISIONER_REGISTRY__URL=f"http://{UNREACHABLE}")
    assert "PROVISIONER_REGISTRY__URL: `registry.url` is not reachable" in result.stderr


def test_a_tenant_that_the_files_hold_mistakes_of_is_not_contacted(installation: Installation) -> None:
    (installation.world.directory / "secrets/south.graph").unlink()
    result = installation.check("--connect", "--tenant", "south")
    assert result.exit_code == 1
    assert "cannot be opened" in result.stderr
    assert "1 mistake." in result.stderr


def test_a_dependency_that_the_file_holds_a_mistake_of_is_not_contacted(installation: Installation) -> None:
    text = installation.config.read_text()
    installation.config.write_text(text.replace("database:\n", "database:\n  password: env:NOT_SET\n"))
    result = installation.check("--connect")
    assert "`database.password`" in result.stderr
    assert "`database.url`" not in result.stderr


def test_an_unknown_tenant_is_refused(installation: Installation) -> None:
    assert installation.check("--connect", "--tenant", "stranger").exit_code == 2


@pytest.mark.parametrize("arguments", [("--connect", "--no-secrets"), ("--tenant", "north")])
def test_options_that_contradict_each_other_are_refused(installation: Installation, arguments: tuple[str, ...]) -> None:
    assert installation.check(*arguments).exit_code == 2


def test_no_secret_is_printed(installation: Installation) -> None:
    folder = installation.world.directory / "secrets"
    (folder / "north.graph").write_text("wr0ng-s3cret")
    result = installation.check("--connect")
    for file in folder.iterdir():
        assert file.read_text() not in result.output
