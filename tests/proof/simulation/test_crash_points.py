"""A process dies at any boundary of an effect, and its successor at any other that it comes by: no invariant is violated."""

from collections.abc import Iterator

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


def successors_of(first: Point) -> Iterator[tuple[Story, Point]]:
    """The points that a process comes by whose predecessor died at the first one; at no other can it die.

    Each of them in the first story that comes by both: a process dies when it reaches a point for the first time, and what several stories
    have in common is the same in all of them.
    """
    seen = set[Point]()
    for story in Story:
        played = died(story, first)
        later = [points for name, points in played.reached.items() if name.endswith(".2")] if played else []
        found = frozenset[Point]().union(*later) - seen
        seen |= found
        yield from ((story, point) for point in Point if point in found)


def test_the_scenarios_come_by_every_point() -> None:
    reached = [points for story in Story for points in play(crashing(story)).reached.values()]
    assert frozenset[Point]().union(*reached) == set(Point)


@pytest.mark.parametrize("point", Point)
def test_a_process_may_die_at_this_point(point: Point) -> None:
    stories = [story for story in Story if died(story, point)]
    assert stories


@pytest.mark.parametrize("first", Point)
def test_its_successor_may_die_at_any_point_that_it_comes_by(first: Point) -> None:
    for story, second in successors_of(first):
        assert died(story, first, second)
