"""Whose turn it is among those who wait for one limit."""

import pytest

from consumer.pacing.line import Caller, Line
from consumer.policy.work_class import WorkClass

URGENT, NORMAL = WorkClass


def line(*classes: WorkClass) -> tuple[Line, list[Caller]]:
    of, callers = Line(), [Caller(1, one) for one in classes]
    for caller in callers:
        of.join(caller)
    return of, callers


def served(of: Line) -> list[WorkClass]:
    found: list[WorkClass] = []
    while of:
        found.append(of.first().work_class)
        of.serve()
    return found


async def test_urgent_callers_overtake_three_at_a_time() -> None:
    of, _ = line(*[NORMAL] * 2, *[URGENT] * 7)
    assert served(of) == [*[URGENT] * 3, NORMAL, *[URGENT] * 3, NORMAL, URGENT]


async def test_urgent_callers_that_overtake_no_one_count_for_nothing() -> None:
    of, _ = line(*[URGENT] * 5)
    assert served(of) == [URGENT] * 5
    for one in (NORMAL, URGENT):
        of.join(Caller(1, one))
    assert served(of) == [URGENT, NORMAL]


async def test_who_leaves_is_not_served() -> None:
    of, (first, second) = line(NORMAL, NORMAL)
    assert of.leave(first)
    assert not of.leave(first)
    of.serve()
    assert second.served.done()
    assert not of


@pytest.mark.parametrize(("work_class", "before"), [(URGENT, 4 + 1), (NORMAL, 4 + 6)])
async def test_a_new_caller_waits_for_those_before_it(work_class: WorkClass, before: int) -> None:
    of, _ = line(*[NORMAL] * 6, *[URGENT] * 4)
    assert of.before(work_class) == before


async def test_all_are_turned_away_at_once() -> None:
    of, callers = line(NORMAL, URGENT)
    of.turn_away()
    assert not of
    assert all(caller.served.cancelled() for caller in callers)
