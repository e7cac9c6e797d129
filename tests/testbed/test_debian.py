"""A program that is installed is taken; one that can't be had is named, with what is missing to fetch it."""

from pathlib import Path

import pytest

from testbed.parts.debian import Missing, program


def test_a_program_on_the_path_is_taken(tmp_path: Path) -> None:
    installed = tmp_path / "pgbouncer"
    installed.write_text("#!/bin/sh\n")
    installed.chmod(0o755)
    assert program("pgbouncer", print, path=str(tmp_path)).command("-d") == [str(installed), "-d"]


def test_without_it_and_without_the_tools_to_fetch_it_both_are_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match="`pgbouncer` is not on the PATH, and to fetch it `apt-get` is missing"):
        program("pgbouncer", print, path=str(tmp_path))
