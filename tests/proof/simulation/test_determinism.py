"""One seed gives one run, to the byte, in any process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proof.simulation.run import play
from proof.simulation.scenario import scenario

FIRST, SEEDS = 4_711, 5
ROOT = Path(__file__).parents[3]


def test_the_same_seed_gives_the_same_trace_again() -> None:
    for seed in range(FIRST, FIRST + SEEDS):
        one, other = (play(scenario(seed), traced=True).trace for _ in range(2))
        assert one == other
        assert len(one) > 100


@pytest.mark.computes
def test_the_same_seeds_give_the_same_traces_in_processes_that_hash_otherwise() -> None:
    one, other = (_traces(hashing) for hashing in ("1", "2"))
    assert one == other
    assert one.count("\n") > 100 * SEEDS


def test_another_seed_gives_another_trace() -> None:
    one, other = (play(scenario(seed), traced=True).trace for seed in (FIRST, FIRST + 1))
    assert one != other


def _traces(hashing: str) -> str:
    command = [sys.executable, "-m", "proof.simulation", "--seed", str(FIRST), "--seeds", str(SEEDS), "--trace"]
    environ = {**os.environ, "PYTHONHASHSEED": hashing}
    published = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=True)  # noqa: S603  our own module
    return published.stdout.rpartition("seeds from")[0].rpartition("\n")[0]
