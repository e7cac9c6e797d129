"""Waits after rate limits for which the vendor names no time."""

from consumer.provisioning.throttles import Throttles

HERE, ELSEWHERE = ("north", "google"), ("south", "google")
LONGEST = 30.0


def refused(throttles: Throttles, now: float, *, place: tuple[str, str] = HERE) -> float:
    return throttles.seconds(place, now, longest=LONGEST)


def test_each_wait_is_twice_as_long_as_the_last_up_to_the_longest() -> None:
    throttles = Throttles()
    assert [refused(throttles, now) for now in (0, 10, 20, 30, 40, 60, 100)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_refusal_of_a_call_that_was_under_way_does_not_prolong_the_wait() -> None:
    throttles = Throttles()
    refused(throttles, 100)
    assert [refused(throttles, now) for now in (100.25, 100.5)] == [0.75, 0.5]
    assert refused(throttles, 101) == 2


def test_a_call_that_was_carried_out_makes_the_next_wait_the_first_again() -> None:
    throttles = Throttles()
    refused(throttles, 0)
    refused(throttles, 10)
    throttles.served(HERE)
    assert refused(throttles, 20) == 1


def test_tenants_wait_each_for_their_own_limit() -> None:
    throttles = Throttles()
    refused(throttles, 0)
    assert refused(throttles, 10, place=ELSEWHERE) == 1
