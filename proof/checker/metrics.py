"""I19: what the processes counted, against what is there.

Only where every process lived and no fault fired: a counter ends with its process, and a commit whose answer was lost is counted by
none, or by the process that finds it done.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from prometheus_client.parser import text_string_to_metric_families

from consumer.ledger.port.inbox import Disposition
from proof.checker.index import Index
from proof.checker.report import Violation

_Labels = tuple[str, ...]


def applies(index: Index) -> bool:
    """Whether counters can be held against the ledger."""
    return index.history.whole and not index.fired and bool(index.history.metrics)


def agreeing(index: Index) -> Iterator[Violation]:
    """Series by series; those of all processes are added up."""
    if not applies(index):
        return
    counted, there = _counted(index.history.metrics), _there(index)
    for name, labels in sorted(there.keys() | {key for key in counted if key[0] in _NAMES}):
        if counted[name, labels] != there[name, labels]:
            series = f"{name}{{{','.join(labels)}}}"
            yield Violation("I19", series, f"counted {counted[name, labels]:g}, there are {there[name, labels]:g}")


_SETTLED = "provisioner_settled_total"
_LETTERS = "provisioner_dead_letters_total"
_PUBLISHED = "provisioner_published_total"
_NAMES: Mapping[str, tuple[str, ...]] = {
    _SETTLED: ("tenant", "disposition"),
    _LETTERS: ("reason",),
    _PUBLISHED: ("topic",),
}
"""The series that are looked at, with their labels."""


def _counted(text: str) -> Counter[tuple[str, _Labels]]:
    counted: Counter[tuple[str, _Labels]] = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in _NAMES:
                labels = tuple(sample.labels[name] for name in _NAMES[sample.name])
                counted[sample.name, labels] += int(sample.value)
    return counted


def _there(index: Index) -> Counter[tuple[str, _Labels]]:
    ledger = index.history.ledger
    there: Counter[tuple[str, _Labels]] = Counter()
    for row in ledger.inbox:
        if row.disposition in {Disposition.APPLIED, Disposition.FAILED}:
            there[_SETTLED, (row.tenant_id, row.disposition)] += 1
    for dead_letter in index.history.dead_letters:
        there[_LETTERS, (dead_letter.reason,)] += 1
    for row in ledger.outbox:
        if row.published:
            there[_PUBLISHED, (row.topic,)] += 1
    return there
