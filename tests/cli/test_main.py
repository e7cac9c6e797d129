"""The command as a process: what its users see when something is unavailable or cannot be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.configuration.files import SECRETS, Files

TEMPORARY = {
    "PROVISIONER_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "PROVISIONER_REGISTRY__URL": "http://127.0.0.1:1",
    "PROVISIONER_DATABASE__URL": "postgresql://stranger@127.0.0.1:1/none",
}


def provisioner(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Runs it in the folder, with nothing that the example configuration refers to being there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROVISIONER_")}
    return subprocess.run(  # noqa: S603  ours
        [sys.executable, "-m", "consumer.cli", *words],
        cwd=folder, env={**kept, **SECRETS, **TEMPORARY}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("topics", "create"), "Kafka"),
        (("schemas", "check"), "registry"),
        (("schemas", "register"), "registry"),
        (("simulate", "events"), "registry"),
        (("db", "upgrade"), "PostgreSQL"),
        (("tenant", "waits", "north-high"), "PostgreSQL"),
    ],
    ids=" ".join,
)
def test_a_dependency_that_is_unavailable_is_named_in_plain_words(
    tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    Files(tmp_path)
    done = provisioner(tmp_path, *words)
    assert done.returncode != 0
    assert done.stdout == ""
    assert named in done.stderr
    assert "Traceback" not in done.stderr
    assert "|FAIL|" not in done.stderr  # librdkafka's own form


@pytest.mark.parametrize("folder", ["/proc/none", "/dev/null"])
def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, folder: str) -> None:
    done = provisioner(tmp_path, "simulate", "vendors", "--directory", folder)
    assert done.returncode == 1
    assert done.stderr.startswith(folder)
    assert done.stderr.count("\n") == 1
