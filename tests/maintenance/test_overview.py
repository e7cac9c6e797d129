"""What waits in the ledger becomes series of the replica that leads."""

import pytest
from prometheus_client import CollectorRegistry

from consumer.errors import Unavailable
from consumer.ledger.port.overview import Overview, Tally
from consumer.maintenance.overview import overview_job
from consumer.observe import catalogue
from consumer.observe.metrics import Metrics
from consumer.policy.work_class import WorkClass
from consumer.settings import MetricsSettings

FULL = Overview(
    due={("north", WorkClass.URGENT): Tally(2, 30.0)},
    held={("north", "consent_missing"): Tally(7, 3_600.0), ("south", "gravity"): Tally(1, 5.0)},
    parked={("north", "suspend_account"): Tally(40, 60.0)},
    unknown={"microsoft": Tally(3, 120.0), "elsewhere": Tally(1, 1.0)},
)
MEASURED = catalogue.SECTIONS["What waits in the ledger"][:-1]
URGENT = {"tenant": "north", "work_class": "urgent"}


class Ledger:
    """Shows `now`, or is unavailable."""

    def __init__(self) -> None:
        self.now: Overview | None = FULL

    def overview(self) -> Overview:
        if self.now is None:
            raise Unavailable("PostgreSQL does not answer.")
        return self.now


class Rig:
    """The job, and what a scrape sees."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.metrics = Metrics(CollectorRegistry())
        self.job = overview_job(self.ledger, MetricsSettings(), self.metrics, wall=lambda: 1_000.0)

    def turn(self) -> None:
        list(self.job.pages())

    def value(self, name: str, labels: dict[str, str] | None = None) -> float | None:
        return self.metrics.registry.get_sample_value(f"provisioner_{name}", labels or {})

    def series(self) -> int:
        """Of all that the job measures."""
        families = self.metrics.registry.collect()
        return sum(len(one.samples) for one in families if one.name in {entry.name for entry in MEASURED})


@pytest.fixture
def rig() -> Rig:
    rig = Rig()
    rig.turn()
    return rig


def test_who_is_due_is_shown_with_the_age_of_the_oldest(rig: Rig) -> None:
    assert rig.value("due_students", URGENT) == 2
    assert rig.value("due_oldest_seconds", URGENT) == 30


def test_who_is_held_is_shown_by_reason(rig: Rig) -> None:
    held = {"tenant": "north", "reason": "consent_missing"}
    assert (rig.value("held_students", held), rig.value("held_oldest_seconds", held)) == (7, 3_600)
    assert rig.value("held_students", {"tenant": "south", "reason": "other"}) == 1


def test_what_the_guard_has_parked_is_shown_by_kind(rig: Rig) -> None:
    parked = {"tenant": "north", "action": "suspend_account"}
    assert (rig.value("parked_actions", parked), rig.value("parked_actions_oldest_seconds", parked)) == (40, 60)


def test_steps_with_an_unknown_outcome_are_shown_by_provider(rig: Rig) -> None:
    at = {"provider": "microsoft"}
    assert (rig.value("unknown_steps", at), rig.value("unknown_steps_oldest_seconds", at)) == (3, 120)
    assert rig.value("unknown_steps", {"provider": "other"}) == 1


def test_when_it_was_measured_is_shown(rig: Rig) -> None:
    assert rig.value("overview_timestamp_seconds") == 1_000


def test_what_does_not_wait_any_more_has_no_series(rig: Rig) -> None:
    rig.ledger.now = Overview()
    rig.turn()
    assert rig.value("due_students", URGENT) is None
    assert rig.value("overview_timestamp_seconds") == 1_000


def test_a_replica_that_leads_no_more_shows_nothing(rig: Rig) -> None:
    rig.job.left()
    assert rig.series() == 0
    assert rig.value("overview_timestamp_seconds") is None


def test_what_cannot_be_measured_now_is_not_shown_as_it_was(rig: Rig) -> None:
    rig.ledger.now = None
    with pytest.raises(Unavailable):
        rig.turn()
    assert rig.series() == 0


def test_a_thousand_tenants_are_some_hundred_series(rig: Rig) -> None:
    rig.ledger.now = Overview(due={(f"t{n}", WorkClass.NORMAL): Tally(1, n) for n in range(1_000)})
    rig.turn()
    assert rig.series() == 2 * (200 + 1)
    assert rig.value("due_students", {"tenant": "other", "work_class": "normal"}) == 800
