"""`provisioner run` with tenants that cannot be used: it starts for the others, and ends only where none is left."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.configuration.files import SECRETS, Files

OTHER_DOMAIN = ("domain: students.north-high.example", "domain: students.south-high.example")
OWN_SECRET = ("env:NORTH_HIGH_CLIENT_SECRET", "env:SOUTH_HIGH_CLIENT_SECRET")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Two tenants, a database that is not there, and secrets of the second that a test may leave out."""
    files = Files(tmp_path)
    files.copy("south-high", OTHER_DOMAIN, OWN_SECRET)
    return files


@contextmanager
def run(files: Files, **environment: str) -> Generator["subprocess.Popen[str]"]:
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PROVISIONER_")},
        **SECRETS,
        "PROVISIONER_DATABASE__URL": "postgresql://stranger@127.0.0.1:1/none",
        "PROVISIONER_HTTP__PORT": "0",
        "PROVISIONER_LOG__FORMAT": "json",
        "COLUMNS": "1000",
        **environment,
    }
    command = [sys.executable, "-m", "consumer.cli", "run", "--config", str(files.service)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603  ours
        try:
            yield process
        finally:
            process.kill()


def until_it_waits_for_the_database(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """What was logged until then."""
    lines: list[dict[str, Any]] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1]["event"] == "waiting_for_dependency":
            return lines
    raise AssertionError(f"the process ended: {lines}")


@pytest.mark.parametrize("broken", ["secret", "yaml"])
def test_the_process_starts_where_one_tenant_cannot_be_used(files: Files, broken: str) -> None:
    secrets = {"SOUTH_HIGH_CLIENT_SECRET": "x"} if broken == "yaml" else {}
    if broken == "yaml":
        files.tenant.with_name("south-high.yaml").write_text("id: south-high\n name: x")
    with run(files, **secrets) as process:
        lines = until_it_waits_for_the_database(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    (mistake,) = [line["mistake"] for line in lines if line["event"] == "configuration_mistake"]
    assert "south-high.yaml" in mistake


def test_a_process_that_is_asked_to_look_at_its_files_before_it_is_up_does_not_end(files: Files) -> None:
    with run(files, SOUTH_HIGH_CLIENT_SECRET="x") as process:
        until_it_waits_for_the_database(process)
        process.send_signal(signal.SIGHUP)  # by default it ends a process, with another status
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_the_process_ends_with_all_mistakes_where_no_tenant_can_be_used(files: Files) -> None:
    files.tenant.write_text("id: north-high\n name: x")
    with run(files) as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 1
    assert "north-high.yaml:2" in said
    assert "SOUTH_HIGH_CLIENT_SECRET" in said


def test_a_mistake_of_the_service_ends_the_process(files: Files) -> None:
    files.replace(files.service, "group_id:", "grup_id:")
    with run(files, SOUTH_HIGH_CLIENT_SECRET="x") as process:
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 1
    assert "Did you mean `group_id`?" in said


def test_a_port_that_is_taken_ends_the_process_with_one_sentence(files: Files) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        address = {"PROVISIONER_HTTP__HOST": "127.0.0.1", "PROVISIONER_HTTP__PORT": str(port)}
        with run(files, SOUTH_HIGH_CLIENT_SECRET="x", **address) as process:
            said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.count("\n") == 1
    assert f"127.0.0.1:{port}" in said
