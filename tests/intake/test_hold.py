"""A hold: farther and farther between tries, and over only when it has been calm for a while."""

from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from consumer.intake.hold import Hold
from consumer.observe.metrics import Metrics


@dataclass
class Given:
    """A hold, and the time that it sees."""

    now: float = 100.0
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    def __post_init__(self) -> None:
        self.hold = Hold(self.metrics, lambda: self.now, calm=2.0)

    def fail(self, cause: str = "database") -> None:
        self.hold.failed(cause, "It does not answer.")

    def seconds_to_next(self) -> float:
        began = self.now
        while not self.hold.due:
            self.now += 0.25
        return self.now - began


@pytest.fixture
def given() -> Given:
    return Given()


def test_what_never_failed_is_always_due(given: Given) -> None:
    given.hold.succeeded()
    assert given.hold.due
    assert given.hold.cause is None


def test_tries_lie_twice_as_far_apart_each_time_up_to_ten_seconds(given: Given) -> None:
    waits: list[float] = []
    for _ in range(8):
        given.fail()
        waits.append(given.seconds_to_next())
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_it_ends_with_a_second_success_after_a_calm_while(given: Given) -> None:
    given.fail()
    given.hold.succeeded()
    assert given.hold.cause == "database"
    assert given.seconds_to_next() == 2
    given.hold.succeeded()
    assert given.hold.cause is None


def test_a_failure_during_the_calm_begins_anew(given: Given) -> None:
    given.fail()
    given.hold.succeeded()
    given.fail()
    given.hold.succeeded()
    assert given.hold.cause == "database"


def test_operators_see_one_cause_at_a_time(given: Given) -> None:
    given.fail("database")
    given.fail("dead_letters")
    paused = {
        cause: given.metrics.registry.get_sample_value("provisioner_intake_paused", {"cause": cause})
        for cause in ("database", "dead_letters")
    }
    assert paused == {"database": 0, "dead_letters": 1}
