"""Suspensions overtake an intake that is queued, in simulated time, and the intake continues."""

import pytest

from consumer.events import Provider
from proof.checker import check
from proof.simulation.leaving import created_while_leaving, intake_with_leavers, suspended_after
from proof.simulation.run import play

WITHIN = 60.0
"""Seconds, of 99 in 100."""


def p99(sorted_seconds: list[float]) -> float:
    return sorted_seconds[int(0.99 * (len(sorted_seconds) - 1))]


@pytest.mark.parametrize("provider", Provider)
def test_suspensions_overtake_an_intake_and_leave_it_a_part_of_the_calls(provider: Provider) -> None:
    scenario = intake_with_leavers(provider, 150, leavers=20)
    history = play(scenario).history
    report = check(history)
    assert report.passed, "\n".join(report.lines())
    seconds = suspended_after(scenario, history)
    assert len(seconds) == 20
    assert p99(list(seconds)) <= WITHIN
    assert len(created_while_leaving(scenario, history)) >= 10


@pytest.mark.prove
@pytest.mark.computes
@pytest.mark.parametrize("provider", Provider)
def test_behind_thousands_of_creations_a_suspension_takes_less_than_a_minute(provider: Provider) -> None:
    scenario = intake_with_leavers(provider, 3_000, leavers=100)
    seconds = suspended_after(scenario, play(scenario).history)
    assert len(seconds) == 100
    assert p99(list(seconds)) <= WITHIN
