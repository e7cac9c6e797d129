"""A limit lets a burst through at once, and then what its rate gives."""

from sandbox.simulators.rate import Rate
from tests.sandbox.simulators.clock import Clock


def test_a_burst_passes_and_the_next_call_waits_for_the_rate() -> None:
    clock = Clock()
    rate = Rate(10, burst=3, clock=clock)
    assert [rate.allows() for _ in range(4)] == [True, True, True, False]
    clock.now += 0.125
    assert [rate.allows() for _ in range(2)] == [True, False]


def test_a_long_rest_gives_no_more_than_the_burst() -> None:
    clock = Clock()
    rate = Rate(10, burst=3, clock=clock)
    clock.now += 3_600
    assert [rate.allows() for _ in range(4)] == [True, True, True, False]


def test_a_call_may_cost_more_than_another() -> None:
    rate = Rate(10, burst=5, clock=Clock())
    assert [rate.allows(cost) for cost in (3, 3, 2)] == [True, False, True]


def test_how_much_is_used_falls_as_time_passes() -> None:
    clock = Clock()
    rate = Rate(1, burst=4, clock=clock)
    rate.allows(3)
    assert rate.used == 0.75
    clock.now += 2
    assert rate.used == 0.25
