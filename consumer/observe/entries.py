"""What the catalogue says of a metric, and the collector that is made of it."""

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import ClassVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class Unit(StrEnum):
    """Of a metric's value. One that is not a number of things is the end of the name, as Prometheus wants it."""

    COUNT = "count"  # of what the name says
    STATE = "1 or 0"
    SECONDS = "seconds"
    TIMESTAMP = "timestamp_seconds"  # Unix time
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Label:
    """`values` is the closed set; where it is empty, `source` names what the values are, and why there are only so many."""

    name: str
    values: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`name` is without the `_total` of counters. `help` is one sentence; `purpose` says what it is looked at for."""

    name: str
    unit: Unit
    help: str
    purpose: str
    labels: tuple[Label, ...] = ()

    kind: ClassVar[str]

    @property
    def label_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    @property
    def exposed_name(self) -> str:
        """As a query names it."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterEntry(Entry):
    """Only rises, while a process lives."""

    kind: ClassVar[str] = "counter"
    unit: Unit = Unit.COUNT

    @property
    def exposed_name(self) -> str:
        return f"{self.name}_total"

    def collector(self, registry: CollectorRegistry) -> Counter:
        return Counter(self.name, self.help, self.label_names, registry=registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeEntry(Entry):
    """Each of its series is set by itself."""

    kind: ClassVar[str] = "gauge"

    def collector(self, registry: CollectorRegistry) -> Gauge:
        return Gauge(self.name, self.help, self.label_names, registry=registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketsEntry(Entry):
    """`buckets`: upper bounds, in the unit."""

    kind: ClassVar[str] = "histogram"
    buckets: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistogramEntry(BucketsEntry):
    """Values are observed one by one."""

    def collector(self, registry: CollectorRegistry) -> Histogram:
        return Histogram(self.name, self.help, self.label_names, buckets=self.buckets, registry=registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class TallyEntry(BucketsEntry):
    """Values are observed by the hundred: see `Tally`. It has no labels."""

    def collector(self, registry: CollectorRegistry) -> "Tally":
        tally = Tally(self)
        registry.register(tally)
        return tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsEntry(Entry):
    """A gauge whose series are all measured together: see `Readings`."""

    kind: ClassVar[str] = "gauge"

    def collector(self, registry: CollectorRegistry) -> "Readings":
        readings = Readings(self)
        registry.register(readings)
        return readings


class Tally(Collector):
    """A histogram that takes many values at once: where all of them are in one bucket, as mostly, for the price of one. Thread-safe."""

    def __init__(self, entry: BucketsEntry) -> None:
        self._entry = entry
        self._bounds = (*entry.buckets, float("inf"))
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        self._lock = threading.Lock()

    def observe_all(self, values: Sequence[float]) -> None:
        """Counts them all. What is less than nothing, as by two clocks that differ, counts as nothing."""
        if not values:
            return
        first = bisect_left(self._bounds, min(values))
        with self._lock:
            if first == bisect_left(self._bounds, max(values)):
                self._counts[first] += len(values)
            else:
                for value in values:
                    self._counts[bisect_left(self._bounds, value)] += 1
            self._sum += max(0.0, sum(values))

    def collect(self) -> Iterator[HistogramMetricFamily]:
        with self._lock:
            counts, total = list(self._counts), self._sum
        buckets = [(_bound(le), count) for le, count in zip(self._bounds, accumulate(counts), strict=True)]
        yield HistogramMetricFamily(self._entry.name, self._entry.help, buckets=buckets, sum_value=total)

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """The name alone, by which the registry finds metrics that are defined twice."""
        yield HistogramMetricFamily(self._entry.name, self._entry.help)


def _bound(value: float) -> str:
    """A bucket's upper bound, as the library's own histograms show it."""
    return "+Inf" if value == float("inf") else str(float(value))


class Readings(Collector):
    """A gauge whose series come and go. `put` exchanges all of them at once, so that a scrape sees one measurement and no half of it.

    Safe to call from any thread.
    """

    def __init__(self, entry: ReadingsEntry) -> None:
        self._entry = entry
        self._values: Mapping[tuple[str, ...], float] = {}

    def put(self, values: Mapping[tuple[str, ...], float]) -> None:
        """These are the series, by the values of the entry's labels; there are no others."""
        self._values = dict(values)

    def clear(self) -> None:
        """No series: nothing is known, or another replica measures."""
        self._values = {}

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield self._family(self._values)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The name alone, by which the registry finds metrics that are defined twice."""
        yield self._family({})

    def _family(self, values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
        entry = self._entry
        family = GaugeMetricFamily(entry.name, entry.help, labels=entry.label_names)
        for of, value in sorted(values.items()):
            family.add_metric(of, value)
        return family
