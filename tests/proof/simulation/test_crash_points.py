"""A process dies at any boundary of an effect, and its successor at any other: no invariant is violated."""

import pytest

from consumer.failpoints import Point
from proof.checker import check
from proof.simulation.run import play
from tests.proof.simulation.crashes import crashing

pytestmark = pytest.mark.computes


def died_and_passed(*points: Point) -> int:
    """How many processes died, in the order of the points; fails where an invariant is violated."""
    history = play(crashing(*points)).history
    report = check(history)
    assert report.passed, "\n".join([f"crashes at {', '.join(points)}", *report.lines()])
    return history.faults.get("crash", 0)


def test_the_scenario_comes_by_every_point() -> None:
    assert set(play(crashing()).reached) == set(Point)


@pytest.mark.parametrize("point", Point)
def test_a_process_may_die_at_this_point(point: Point) -> None:
    assert died_and_passed(point) == 1


@pytest.mark.parametrize("first", Point)
def test_its_successor_may_die_at_any_point(first: Point) -> None:
    died = [died_and_passed(first, second) for second in Point]
    assert min(died) >= 1
