"""A histogram that takes many values at once shows what the library's own would."""

from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from consumer.observe.entries import TallyEntry, Unit

ENTRY = TallyEntry(
    name="provisioner_time_to_ledger_seconds",
    unit=Unit.SECONDS,
    help="How long it took.",
    purpose="Whether it takes long.",
    buckets=(0.5, 1, 30),
)


def samples(registry: CollectorRegistry) -> list[str]:
    """As they are exposed, but for the time of creation."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


@pytest.mark.parametrize(
    "batches",
    [[], [[]], [[0.25, 0.5]], [[0.25, 0.75, 1.0, 29, 31]], [[40], [0.125, 0.25], [0.125, 90]]],
    ids=["nothing", "an empty batch", "one bucket", "several", "batches"],
)
def test_it_shows_what_values_one_by_one_would(batches: Sequence[Sequence[float]]) -> None:
    ours, library = CollectorRegistry(), CollectorRegistry()
    tally = ENTRY.collector(ours)
    histogram = Histogram(ENTRY.name, ENTRY.help, buckets=ENTRY.buckets, registry=library)
    for batch in batches:
        tally.observe_all(batch)
        for value in batch:
            histogram.observe(value)
    assert samples(ours) == samples(library)


def test_values_below_nothing_make_no_sum_fall() -> None:
    registry = CollectorRegistry()
    tally = ENTRY.collector(registry)
    tally.observe_all([2.0])
    tally.observe_all([-1.0])
    assert registry.get_sample_value(f"{ENTRY.name}_sum") == 2
    assert registry.get_sample_value(f"{ENTRY.name}_count") == 2


def test_a_name_is_not_given_twice() -> None:
    registry = CollectorRegistry()
    ENTRY.collector(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        ENTRY.collector(registry)
