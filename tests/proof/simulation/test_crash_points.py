"""A process dies at any boundary of an effect, and its successor at any other that it comes by: no invariant is violated."""

from collections.abc import Mapping

import pytest

from consumer.failpoints import Point
from proof.checker import check
from proof.simulation.run import Played, play
from tests.proof.simulation.crashes import Story, crashing

pytestmark = pytest.mark.computes


def died(story: Story, *points: Point) -> Played | None:
    """The run, in which a process died at each of the points; None where none came by the first. An invariant that is violated fails."""
    played = play(crashing(story, *points))
    report = check(played.history)
    crashes = played.history.faults.get("crash", 0)
    assert report.passed, "\n".join([f"{story}: crashes at {', '.join(points)}", *report.lines()])
    assert crashes in {0, len(points)}
    return played if crashes else None


def second_points(runs: Mapping[Story, Played]) -> Mapping[Point, Story]:
    """The points that a successor comes by in these runs, in which its predecessor died; at no other can it die.

    Each with the first story that comes by both: a process dies when it reaches a point for the first time, and what several stories have
    in common is the same in all of them.
    """
    found: dict[Point, Story] = {}
    for story, played in runs.items():
        for point in (point for name, points in played.reached.items() if name.endswith(".2") for point in points):
            found.setdefault(point, story)
    return {point: found[point] for point in Point if point in found}


def test_the_scenarios_come_by_every_point() -> None:
    reached = [points for story in Story for points in play(crashing(story)).reached.values()]
    assert frozenset[Point]().union(*reached) == set(Point)


@pytest.mark.parametrize("first", Point)
def test_a_process_may_die_at_this_point_and_its_successor_at_any_that_it_comes_by(first: Point) -> None:
    runs = {story: played for story in Story if (played := died(story, first))}
    assert runs
    for second, story in second_points(runs).items():
        assert died(story, first, second)
