"""A program that is installed is taken; one that can't be had is named, with what is missing to fetch it."""

import subprocess
from pathlib import Path

import pytest

from testbed.parts.debian import Missing, Program, program, relocated


def test_a_program_on_the_path_is_taken(tmp_path: Path) -> None:
    installed = tmp_path / "pgbouncer"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    assert program("pgbouncer", print, path=str(tmp_path)).command("-d") == [str(installed), "-d"]


def test_without_it_and_without_the_tools_to_fetch_it_both_are_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="`pgbouncer` is not on the PATH, and to fetch it `apt-get` is missing"):
        program("pgbouncer", print, path=str(tmp_path))


def test_a_folder_that_is_built_into_a_program_is_found_where_the_package_was_unpacked(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/share/templates").mkdir(parents=True)
    (tmp_path / "usr/share/templates/hello").write_text("found")
    built = tmp_path / "usr/bin/greeter"
    built.write_text("#!/bin/sh\ncat /usr/share/templates/hello\n")
    built.chmod(0o755)
    here = relocated(Program(built), "/usr/share/templates")
    assert subprocess.run(here.command(), capture_output=True, text=True, check=True).stdout == "found"  # noqa: S603  ours


def test_it_stays_as_it_is_where_that_folder_is_there(tmp_path: Path) -> None:
    installed = Program(tmp_path / "greeter")
    assert relocated(installed, str(tmp_path)) is installed
