"""A replica's metrics, made of the catalogue alone: every entry has series, which move as if an intake came and went.

The same seed makes the same values at the same seconds.
"""

import itertools
import math
import random
import time
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from consumer.observe import catalogue, labels
from consumer.observe.catalogue import entries
from consumer.observe.entries import (
    CounterEntry,
    Entry,
    GaugeEntry,
    HistogramEntry,
    Label,
    Readings,
    ReadingsEntry,
    Tally,
    TallyEntry,
    Unit,
)
from consumer.settings import Topics

TENANTS = ("north-high", "harbour-college", "hill-school", "river-academy")

_TOPICS = Topics().outcomes
_STEEP = {
    *(labels.HTTP_OUTCOME, labels.STEP_STATE, labels.FINAL_DISPOSITION, labels.READ_DISPOSITION),
    *(labels.OUTCOME_REASON, labels.WORK_CLASS),
}
"""Of these, nearly all series have the first value."""

_SOME_REASONS = ("consent_missing", "licences_exhausted", "account_conflict", "guard_parked")
_VALUES: Mapping[Label, Sequence[str]] = {
    labels.TENANT: TENANTS,
    labels.WAITING_TENANT: (*TENANTS, "other"),
    labels.CERTIFIED_TENANT: (*TENANTS[:2], ""),
    labels.TOPIC: _TOPICS,
    labels.OUTCOME: _TOPICS,
    labels.FAULT: ("ConnectError", "Unavailable", "_MSG_TIMED_OUT"),
    labels.OPERATION: ("create", "read", "licences", "groups", "suspend", "search"),
    labels.PLACE: ("step.name",),
    labels.STATEMENT_TABLE: ("student", "step", "inbox", "outbox", "other"),
    labels.PARTITION: ("0", "1", "2"),
    labels.TASK: ("overview", "outbox", "inbox", "attempt", "certificates"),
    labels.HTTP_OUTCOME: ("2xx", "4xx", "5xx", "unknown", "not_sent"),
    labels.WORK_CLASS: ("normal", "urgent"),
    labels.REASON: _SOME_REASONS,
    labels.OUTCOME_REASON: ("", *_SOME_REASONS),
    labels.HELD_REASON: _SOME_REASONS,
}
"""Of sets that are open, or too large to look at: the most frequent first."""

_RATES: Mapping[Entry, float] = {
    catalogue.EVENTS: 40,
    catalogue.SKIPS: 10,
    catalogue.STEPS: 60,
    catalogue.SETTLED: 30,
    catalogue.OUTCOMES: 40,
    catalogue.PUBLISHED: 40,
    catalogue.VENDOR_CALL_SECONDS: 60,
    catalogue.LIMIT_WAIT_SECONDS: 30,
    catalogue.TIME_TO_ACCOUNT: 20,
    catalogue.TIME_TO_CHANGE: 6,
    catalogue.TIME_TO_WELCOME: 20,
    catalogue.EVENT_LOOP_LAG: 1,
    catalogue.STATEMENT_SECONDS: 120,
    catalogue.BATCH_RECORDS: 4,
    catalogue.BATCH_SECONDS: 4,
    catalogue.TIME_TO_LEDGER: 50,
    catalogue.PRUNED_ROWS: 20,
    catalogue.BACKGROUND_SECONDS: 2,
}
"""A second, over all series; of others `_RARE`."""
_RARE = 0.02

_MEDIANS: Mapping[Entry, float] = {
    catalogue.BATCH_RECORDS: 90,
    catalogue.BATCH_SECONDS: 0.03,
    catalogue.TIME_TO_LEDGER: 0.4,
    catalogue.TIME_TO_ACCOUNT: 40,
    catalogue.TIME_TO_CHANGE: 12,
    catalogue.TIME_TO_WELCOME: 80,
    catalogue.LIMIT_WAIT_SECONDS: 0.3,
    catalogue.VENDOR_CALL_SECONDS: 0.15,
    catalogue.EVENT_LOOP_LAG: 0.006,
    catalogue.STATEMENT_SECONDS: 0.002,
    catalogue.BACKGROUND_SECONDS: 2,
}
_LEVELS: Mapping[Entry, float] = {
    catalogue.IN_WORK: 48,
    catalogue.INTAKE_AGE: 2.5,
    catalogue.INTAKE_LAG: 900,
    catalogue.PARTITIONS: 6,
    catalogue.DATABASE_CONNECTIONS: 7,
    catalogue.DATABASE_CONNECTIONS_MOST: 10,
    catalogue.LIMIT_USED: 0.9,
    catalogue.OUTBOX_AGE: 1.5,
    catalogue.DUE_STUDENTS: 4_000,
    catalogue.DUE_OLDEST: 900,
    catalogue.HELD_STUDENTS: 40,
    catalogue.HELD_OLDEST: 7_200,
    catalogue.PARKED_ACTIONS: 30,
    catalogue.PARKED_OLDEST: 1_800,
    catalogue.UNKNOWN_STEPS: 3,
    catalogue.UNKNOWN_OLDEST: 600,
    catalogue.RECONCILIATION_FINDINGS: 5,
}
"""Of gauges at the height of the intake; of others 0."""
_STEADY = {catalogue.PARTITIONS, catalogue.DATABASE_CONNECTIONS_MOST, catalogue.HELD_OLDEST, catalogue.LIMIT_USED}
_CERTIFICATE = 60 * 86_400


_Collector = Counter | Gauge | Histogram | Readings | Tally


class Replica:
    """One of several; the first (`number` 0) leads, and measures what waits. An intake is at its height every `period` seconds."""

    def __init__(self, number: int, *, period: float) -> None:
        self._registry = CollectorRegistry()
        self._number = number
        self._period = period
        self._random = random.Random(number)  # noqa: S311  no secret
        self._collectors = [(entry, _collector(entry, self._registry)) for entry in entries()]
        self._elapsed = 0.0
        for entry, collector in self._collectors:
            self._grow(entry, collector, at_least=1)

    def text(self, elapsed: float) -> bytes:
        """The exposition so many seconds after the start; they only rise."""
        seconds, self._elapsed = elapsed - self._elapsed, elapsed
        for entry, collector in self._collectors:
            self._grow(entry, collector, seconds=seconds)
            self._set(entry, collector)
        return generate_latest(self._registry)

    def _grow(self, entry: Entry, collector: _Collector, *, seconds: float = 0.0, at_least: int = 0) -> None:
        if not isinstance(collector, Counter | Histogram | Tally):
            return
        expected = seconds * _RATES.get(entry, _RARE) * (0.2 + self._height())
        for values, share in _shared(entry):
            many = at_least + self._about(expected * share)
            if isinstance(collector, Tally):
                collector.observe_all([self._observed(entry) for _ in range(many)])
                continue
            one = collector.labels(*values) if values else collector
            if isinstance(one, Counter):
                one.inc(many)
                continue
            for _ in range(many):
                one.observe(self._observed(entry))

    def _observed(self, entry: Entry) -> float:
        return self._random.lognormvariate(math.log(_MEDIANS[entry]), 0.7)

    def _set(self, entry: Entry, collector: _Collector) -> None:
        if isinstance(collector, Gauge):
            for values, share in _shared(entry):
                (collector.labels(*values) if values else collector).set(self._level(entry, values, share))
        elif isinstance(collector, Readings) and self._number == 0:
            collector.put({values: self._level(entry, values, share) for values, share in _shared(entry)})

    def _level(self, entry: Entry, values: Sequence[str], share: float) -> float:
        if entry.unit is Unit.TIMESTAMP:
            return time.time() + (_CERTIFICATE if entry is catalogue.CERTIFICATE_ENDS else 0)
        if entry.unit is Unit.STATE:
            return float(entry is catalogue.BUILD_INFO or (entry is catalogue.LEADING and self._number == 0))
        level = _LEVELS.get(entry, 0)
        if values and entry.unit in {Unit.COUNT, Unit.SECONDS}:
            level *= share if entry.unit is Unit.COUNT else min(1, 3 * share)
        return level if entry in _STEADY else round(level * self._height(), 1 if entry.unit is Unit.SECONDS else 0)

    def _height(self) -> float:
        """Of the intake: 0 to 1."""
        return (1 - math.cos(2 * math.pi * self._elapsed / self._period)) / 2

    def _about(self, expected: float) -> int:
        whole = math.floor(expected)
        return whole + (self._random.random() < expected - whole)


def _collector(entry: Entry, registry: CollectorRegistry) -> _Collector:
    assert isinstance(entry, CounterEntry | GaugeEntry | HistogramEntry | ReadingsEntry | TallyEntry)
    return entry.collector(registry)


def _shared(entry: Entry) -> Iterator[tuple[tuple[str, ...], float]]:
    """The entry's series by their labels' values, each with its share: the first values have most."""
    weights = [
        (tuple(value for value, _ in chosen), math.prod(weight for _, weight in chosen))
        for chosen in itertools.product(*(_weighed(entry, label) for label in entry.labels))
    ]
    whole = sum(weight for _, weight in weights)
    return ((values, weight / whole) for values, weight in weights)


def _weighed(entry: Entry, label: Label) -> Sequence[tuple[str, float]]:
    falling = 4 if label in _STEEP else 1.5
    return [(value, (1 + position) ** -falling) for position, value in enumerate(_of(entry, label))]


def _of(entry: Entry, label: Label) -> Sequence[str]:
    if label is labels.VERSION:
        return ("1.4.0",)
    if isinstance(entry, HistogramEntry) and label is labels.ACTION:
        return ("suspend_account", "update_account", "delete_account")
    return _VALUES.get(label) or label.values
