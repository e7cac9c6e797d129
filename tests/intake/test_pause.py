"""A pause: longer and longer between attempts, and over only after a calm period."""

from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from consumer.intake.pause import Pause
from consumer.observe.metrics import Metrics


@dataclass
class Given:
    """A pause and its clock."""

    now: float = 100.0
    metrics: Metrics = field(default_factory=lambda: Metrics(CollectorRegistry()))

    def __post_init__(self) -> None:
        self.pause = Pause(self.metrics, lambda: self.now, calm=2.0)

    def fail(self, cause: str = "database") -> None:
        self.pause.failed(cause, "It does not answer.")

    def seconds_to_next(self) -> float:
        began = self.now
        while not self.pause.due:
            self.now += 0.25
        return self.now - began


@pytest.fixture
def given() -> Given:
    return Given()


def test_what_never_failed_is_always_due(given: Given) -> None:
    given.pause.succeeded()
    assert given.pause.due
    assert given.pause.cause is None


def test_tries_lie_twice_as_far_apart_each_time_up_to_ten_seconds(given: Given) -> None:
    waits: list[float] = []
    for _ in range(8):
        given.fail()
        waits.append(given.seconds_to_next())
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 10, 10]


def test_it_ends_with_a_second_success_after_a_calm_while(given: Given) -> None:
    given.fail()
    given.pause.succeeded()
    assert given.pause.cause == "database"
    assert given.seconds_to_next() == 2
    given.pause.succeeded()
    assert given.pause.cause is None


def test_a_failure_during_the_calm_begins_anew(given: Given) -> None:
    given.fail()
    given.pause.succeeded()
    given.fail()
    given.pause.succeeded()
    assert given.pause.cause == "database"


def test_operators_see_one_cause_at_a_time(given: Given) -> None:
    given.fail("database")
    given.fail("dead_letters")
    paused = {
        cause: given.metrics.registry.get_sample_value("provisioner_intake_paused", {"cause": cause})
        for cause in ("database", "dead_letters")
    }
    assert paused == {"database": 0, "dead_letters": 1}
