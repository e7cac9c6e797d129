"""After some failures in a row the tenant waits, and then only one student probes."""

import pytest

from consumer.errors import RetryLater
from consumer.provisioning.breaker import Breaker, Breakers


def broken(threshold: int = 3) -> Breaker:
    breaker = Breaker(threshold=threshold, wait=30)
    for _ in range(threshold):
        breaker.failed()
    return breaker


def test_a_few_failures_make_no_one_wait() -> None:
    breaker = Breaker(threshold=3, wait=30)
    assert [breaker.failed(), breaker.failed()] == [None, None]


def test_the_last_failure_in_a_row_says_how_long_to_wait() -> None:
    breaker = Breaker(threshold=2, wait=30)
    breaker.failed()
    assert breaker.failed() == 30


def test_an_answer_in_between_starts_the_count_again() -> None:
    breaker = Breaker(threshold=2, wait=30)
    breaker.failed()
    breaker.answered()
    assert breaker.failed() is None


def test_only_one_probes_a_suspicious_service_and_the_others_come_back_before_a_whole_wait_is_over() -> None:
    breaker = broken()
    with breaker.passage(), pytest.raises(RetryLater) as refused, breaker.passage():
        pass
    assert refused.value.after == 10


def test_the_next_may_probe_when_the_first_has_ended() -> None:
    breaker = broken()
    with breaker.passage():
        pass
    with breaker.passage():
        pass


def test_everybody_may_pass_once_the_service_has_answered() -> None:
    breaker = broken()
    with breaker.passage():
        breaker.answered()
    with breaker.passage(), breaker.passage():
        pass


def test_one_tenants_breaker_is_not_anothers() -> None:
    breakers = Breakers(threshold=1, wait=30)
    breakers.of("a", "microsoft").failed()
    with (
        breakers.of("a", "microsoft").passage(),
        breakers.of("b", "microsoft").passage(),
        breakers.of("a", "google").passage(),
    ):
        pass
