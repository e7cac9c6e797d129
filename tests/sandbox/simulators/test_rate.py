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
