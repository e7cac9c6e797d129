"""Background jobs: by the replica that leads, each at its own period, and none in the way of another."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from consumer.errors import Unavailable
from consumer.maintenance.loop import BackgroundJob, Maintenance
from consumer.observe.metrics import Metrics


class Election:
    """Held while the test says so."""

    def __init__(self, *, leads: bool = True) -> None:
        self.leads = leads
        self.resigned = 0

    def held(self) -> bool:
        return self.leads

    def resign(self) -> None:
        self.resigned += 1


class Rig:
    """The loop under a clock that moves only while it pauses; it is stopped after so many pauses."""

    def __init__(self, *jobs: BackgroundJob, pauses: int = 1, leads: bool = True) -> None:
        self.now = 0.0
        self.election = Election(leads=leads)
        self.metrics = Metrics(CollectorRegistry())
        self._pauses = pauses
        self.loop = Maintenance(
            jobs,
            leadership=self.election,
            metrics=self.metrics,
            beat=lambda: None,
            clock=lambda: self.now,
            pause=self._pause,
        )

    def _pause(self, seconds: float) -> None:
        self.now += seconds
        self._pauses -= 1
        if self._pauses == 0:
            self.loop.stop()

    def run(self) -> "Rig":
        self.loop.run()
        return self


def job(
    name: str, turns: list[str], *, every: float = 10, pages: int = 1, then: Callable[[], None] | None = None
) -> BackgroundJob:
    def run() -> Iterator[int]:
        for _ in range(pages):
            turns.append(name)
            if then:
                then()
            yield 1

    return BackgroundJob(name, every, run)


def fails_with(fault: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise fault

    return fail


def test_each_job_has_its_turn_at_its_own_period() -> None:
    turns = list[str]()
    Rig(job("often", turns, every=5), job("seldom", turns, every=15), pauses=4).run()
    assert turns == ["often", "seldom", "often", "often", "often", "seldom"]


def test_who_does_not_lead_does_nothing() -> None:
    turns = list[str]()
    rig = Rig(job("one", turns), leads=False).run()
    assert turns == []
    assert rig.metrics.registry.get_sample_value("provisioner_leading", {"loop": "maintenance"}) == 0


def test_leadership_is_given_up_at_the_end() -> None:
    assert Rig().run().election.resigned == 1


def test_a_job_is_left_between_two_pages_when_leadership_is_lost() -> None:
    turns = list[str]()
    rig = Rig(job("one", turns, pages=9, then=lambda: setattr(rig.election, "leads", False)))
    rig.run()
    assert turns == ["one"]


def test_a_job_is_left_between_two_pages_when_the_process_stops() -> None:
    turns = list[str]()
    rig = Rig(job("one", turns, pages=9, then=lambda: rig.loop.stop()), job("other", turns))  # noqa: PLW0108  not there yet
    rig.run()
    assert turns == ["one"]


@pytest.mark.parametrize("fault", [Unavailable("PostgreSQL does not answer."), ZeroDivisionError("Maria")])
def test_a_fault_of_one_job_leaves_the_others_their_turn_and_is_tried_again_within_a_minute(
    fault: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = list[str]()
    Rig(job("broken", turns, every=3_600, then=fails_with(fault)), job("other", turns, every=3_600), pauses=5).run()
    assert turns == ["broken", "other", "broken"]
    assert "Maria" not in capsys.readouterr().out


def test_an_unexpected_fault_is_counted() -> None:
    rig = Rig(job("broken", [], then=fails_with(ZeroDivisionError()))).run()
    labels = {"loop": "maintenance", "fault": "ZeroDivisionError"}
    assert rig.metrics.registry.get_sample_value("provisioner_loop_faults_total", labels) == 1


def test_a_brief_job_has_its_turn_between_the_pages_of_a_long_one() -> None:
    turns = list[str]()

    def a_page_takes_seconds() -> None:
        rig.now += 4

    long = job("long", turns, every=3_600, pages=5, then=a_page_takes_seconds)
    rig = Rig(replace(job("brief", turns, every=10), brief=True), long)
    rig.run()
    assert turns == ["brief", "long", "long", "long", "brief", "long", "long"]


def test_a_brief_job_that_fails_leaves_the_long_one_its_pages() -> None:
    turns = list[str]()

    def a_page_takes_seconds() -> None:
        rig.now += 11

    fails = replace(job("brief", turns, then=fails_with(ZeroDivisionError())), brief=True)
    rig = Rig(fails, job("long", turns, pages=2, then=a_page_takes_seconds))
    rig.run()
    assert turns == ["brief", "long", "brief", "long", "brief"]


def test_who_does_not_lead_shows_nothing_of_a_job() -> None:
    left = list[str]()
    Rig(replace(job("one", []), left=lambda: left.append("one")), leads=False, pauses=2).run()
    assert left == ["one"] * 3


def test_at_the_end_nothing_of_a_job_is_shown_any_more() -> None:
    left = list[str]()
    Rig(replace(job("one", []), left=lambda: left.append("one"))).run()
    assert left == ["one"]
