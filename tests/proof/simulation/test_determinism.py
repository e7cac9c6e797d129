"""One seed gives one run, to the byte, in any process."""

import os
import subprocess
import sys
from pathlib import Path

from proof.simulation.run import play
from proof.simulation.scenario import scenario

SEEDS = (7, 4711, 100_003)
ROOT = Path(__file__).parents[3]


def test_the_same_seed_gives_the_same_trace_again() -> None:
    for seed in SEEDS:
        assert play(scenario(seed), traced=True).trace == play(scenario(seed), traced=True).trace


def test_the_same_seed_gives_the_same_trace_in_processes_that_hash_otherwise() -> None:
    for seed in SEEDS:
        one, other = (_trace(seed, hashing) for hashing in ("1", "2"))
        assert one == other
        assert one.count("\n") > 100


def test_another_seed_gives_another_trace() -> None:
    one, other = (play(scenario(seed), traced=True).trace for seed in SEEDS[:2])
    assert one != other


def _trace(seed: int, hashing: str) -> str:
    command = [sys.executable, "-m", "proof.simulation", "--seed", str(seed), "--trace"]
    environ = {**os.environ, "PYTHONHASHSEED": hashing}
    told = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603  our own module
    return told.stdout.rpartition("seeds from")[0]
