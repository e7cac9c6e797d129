"""Kept runs can be judged again."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from proof.history import Bounds
from proof.history_file import read, write
from tests.proof.histories import Story, dead_letter, record


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    story = Story().faulty()
    story.dead_letters = [dead_letter(record(1), "null_value", key=b"\xff\x00")]
    story.other |= {
        "canaries": frozenset({"Ελένη"}),
        "deaths": [1.5],
        "unclassified": [],
        "bounds": Bounds(propagation=0.1),
    }
    write(story.history(), tmp_path / "run.json")
    assert read(tmp_path / "run.json") == story.history()


@pytest.mark.parametrize(
    ("effects", "quiet_at", "status", "verdict"),
    [(1, 1_800_000_020.0, 0, "passed"), (1, None, 1, "violated"), (9, None, 2, "invalid")],
)
def test_the_command_says_by_its_exit_status_whether_the_run_passed(
    tmp_path: Path, effects: int, quiet_at: float | None, status: int, verdict: str
) -> None:
    history = replace(Story().history(), bounds=Bounds(least_effects=effects), quiet_at=quiet_at)
    write(history, tmp_path / "run.json")
    ran = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "proof.checker", str(tmp_path / "run.json")],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert (ran.returncode, ran.stdout.split(";")[0]) == (status, f"seed 1: {verdict}"), ran.stderr
