"""Which table is kept for how long, as the configuration says."""

from collections.abc import Iterator, Mapping

import pytest
from prometheus_client import CollectorRegistry

from consumer.maintenance.retention import retention_jobs
from consumer.observe.metrics import Metrics
from consumer.settings import RetentionSettings

DAY = 86_400.0


class Recorded:
    """Keeps `Retention`: it deletes three rows of each kind, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    def expired_credentials(self) -> Iterator[int]:
        return iter([2, 1])

    def published_outcomes(self, *, keep: float) -> Iterator[int]:
        return self._asked("outbox", keep)

    def recalled_outcomes(self, *, keep: float) -> Iterator[int]:
        return self._asked("outbox_recalled", keep)

    def settled_events(self, *, keep: float) -> Iterator[int]:
        return self._asked("inbox", keep)

    def old_attempts(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        return self._asked("attempt", (dict(keep), others))

    def retired_addresses(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        return self._asked("address", (dict(keep), others))

    def decided_actions(self, *, keep: float) -> Iterator[int]:
        return self._asked("guarded_action", keep)

    def ended_waits(self, *, keep: float) -> Iterator[int]:
        return self._asked("tenant_wait", keep)

    def _asked(self, table: str, keep: object) -> Iterator[int]:
        self.kept[table] = keep
        return iter([2, 1])


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


def test_each_table_is_kept_as_long_as_configured(metrics: Metrics) -> None:
    retention = Recorded()
    periods = RetentionSettings(published_outcomes=1, settled_events=3, attempts=5, ended_waits=2)
    own = {"attempts": lambda: {"north": 9}, "quarantines": lambda: {"north": 30}}
    for job in retention_jobs(retention, periods, **own, sweep=5, metrics=metrics):
        list(job.pages())
    assert retention.kept == {
        "outbox": DAY,
        "outbox_recalled": 3 * DAY,
        "inbox": 3 * DAY,
        "attempt": ({"north": 9 * DAY}, 5 * DAY),
        "address": ({"north": 30 * DAY}, 730 * DAY),
        "guarded_action": 3 * DAY,
        "tenant_wait": 2 * DAY,
    }


def test_what_is_deleted_is_counted_by_table(metrics: Metrics) -> None:
    for job in retention_jobs(
        Recorded(), RetentionSettings(), attempts=dict, quarantines=dict, sweep=5, metrics=metrics
    ):
        list(job.pages())
    for table in ("outbox", "inbox", "attempt", "tenant_wait"):
        assert metrics.registry.get_sample_value("provisioner_pruned_rows_total", {"table": table}) == 3
    assert metrics.registry.get_sample_value("provisioner_credentials_expired_total") == 3


def test_passwords_are_looked_for_at_each_sweep(metrics: Metrics) -> None:
    jobs = retention_jobs(
        Recorded(), RetentionSettings(every=60), attempts=dict, quarantines=dict, sweep=5, metrics=metrics
    )
    assert {job.name: job.every for job in jobs}["credential"] == 5
    assert {job.every for job in jobs if job.name != "credential"} == {60}
