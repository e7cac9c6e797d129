"""The job that measures what waits in the ledger, for the metrics of the replica that leads."""

import time
from collections.abc import Callable, Iterator, Mapping

from consumer.ledger.port.overview import Overview, Overviews, Tally
from consumer.maintenance.loop import BackgroundJob
from consumer.maintenance.series import Waits, folded, known
from consumer.observe import labels
from consumer.observe.entries import Readings
from consumer.observe.metrics import Metrics, WaitReadings
from consumer.settings import MetricsSettings


def overview_job(
    overviews: Overviews, settings: MetricsSettings, metrics: Metrics, *, wall: Callable[[], float] = time.time
) -> BackgroundJob:
    """`wall`: Unix time."""
    shown = metrics.waits

    def pages() -> Iterator[None]:
        try:
            overview = overviews.overview()
        except Exception:
            shown.clear()  # what was measured before is not how it is now
            raise
        _put(shown, overview, settings.tenants)
        shown.overview_at.put({(): wall()})
        yield

    return BackgroundJob("overview", settings.every, pages, brief=True, left=shown.clear)


def _put(shown: WaitReadings, overview: Overview, tenants: int) -> None:
    waits = Waits(
        due={(tenant, work_class.name.lower()): of for (tenant, work_class), of in overview.due.items()},
        held=known(overview.held, labels.REASONS),
        parked=known(overview.parked, labels.GUARDED.values),
    )
    waits = folded(waits, tenants=tenants)
    _show(waits.due, shown.due_students, shown.due_oldest)
    _show(waits.held, shown.held_students, shown.held_oldest)
    _show(waits.parked, shown.parked_actions, shown.parked_oldest)
    unknown = known({("", provider): of for provider, of in overview.unknown.items()}, labels.PROVIDER.values)
    _show({(provider,): of for (_, provider), of in unknown.items()}, shown.unknown_steps, shown.unknown_oldest)


def _show(tallies: Mapping[tuple[str, ...], Tally], count: Readings, oldest: Readings) -> None:
    count.put({of: tally.count for of, tally in tallies.items()})
    oldest.put({of: tally.oldest for of, tally in tallies.items()})
