"""Thousands of small worlds, each from one seed: no invariant is violated in any."""

import pytest

from proof.checker import check
from proof.simulation.run import play
from proof.simulation.scenario import scenario

SEEDS, IN_ONE_TEST = 5_000, 100

pytestmark = pytest.mark.computes


@pytest.mark.parametrize("first", range(0, SEEDS, IN_ONE_TEST))
def test_whatever_a_seed_brings_every_invariant_holds(first: int) -> None:
    for seed in range(first, first + IN_ONE_TEST):
        report = check(play(scenario(seed)).history)
        found = "\n".join(report.lines())
        assert report.passed, f"{found}\nagain: python -m proof.simulation --seed {seed} --trace"
