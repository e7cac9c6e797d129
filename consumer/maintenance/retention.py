"""The jobs that delete what is not needed any more, each table at its own age."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from consumer.ledger.port.retention import Retention
from consumer.maintenance.loop import BackgroundJob
from consumer.observe.metrics import Metrics
from consumer.settings import RetentionSettings
from consumer.tenants import QUARANTINE

_DAY = 86_400.0


def retention_jobs(
    retention: Retention,
    periods: RetentionSettings,
    *,
    attempts: Callable[[], Mapping[str, float]],
    quarantines: Callable[[], Mapping[str, float]],
    sweep: float,
    metrics: Metrics,
) -> Sequence[BackgroundJob]:
    """`attempts` gives for how many days a tenant's attempts are kept, where its file says so now; `quarantines` its former addresses.
    `sweep`: seconds between two looks for passwords whose lifetime is over; they may not lie there for long."""

    def old_attempts() -> Iterator[int]:
        return retention.old_attempts(keep=_seconds(attempts()), others=periods.attempts * _DAY)

    def retired_addresses() -> Iterator[int]:
        return retention.retired_addresses(keep=_seconds(quarantines()), others=QUARANTINE * _DAY)

    outcomes, events = periods.published_outcomes * _DAY, periods.settled_events * _DAY
    pages = {
        "outbox": partial(retention.published_outcomes, keep=outcomes),
        # They keep a restored ledger from publishing again what it works again, so as long as it may read an event again.
        "outbox_recalled": partial(retention.recalled_outcomes, keep=max(outcomes, events)),
        "inbox": partial(retention.settled_events, keep=events),
        "attempt": old_attempts,
        "address": retired_addresses,
        "guarded_action": partial(retention.decided_actions, keep=events),
        "tenant_wait": partial(retention.ended_waits, keep=periods.ended_waits * _DAY),
    }

    def counted(table: str) -> Iterator[int]:
        for deleted in pages[table]():
            metrics.pruned_rows.labels(table).inc(deleted)
            yield deleted

    def credentials() -> Iterator[int]:
        for destroyed in retention.expired_credentials():
            metrics.credentials_expired.inc(destroyed)
            yield destroyed

    return (
        BackgroundJob("credential", sweep, credentials),
        *(BackgroundJob(table, periods.every, partial(counted, table)) for table in pages),
    )


def _seconds(days: Mapping[str, float]) -> Mapping[str, float]:
    return {tenant: of * _DAY for tenant, of in days.items()}
