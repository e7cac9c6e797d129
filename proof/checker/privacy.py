"""I14: names, addresses and passwords that were planted, wherever processes wrote something that others read."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from consumer.events import AccountProvisioningFailed
from proof.checker.dispositions import at
from proof.checker.index import Index
from proof.checker.report import Violation
from proof.history import Headers


@dataclass(frozen=True, slots=True)
class _Written:
    """`sink` is the kind of place, `where` the place itself."""

    sink: str
    where: str
    text: str


def private(index: Index) -> Iterator[Violation]:
    """Canaries are named by their number in the sorted list, sinks by line: the report must not be a sink itself."""
    written = list(_written(index)) if index.history.canaries else []
    everything = "\n".join(one.text for one in written)
    for number, canary in enumerate(sorted(index.history.canaries)):
        # Most are nowhere: that is found out in one look.
        for one in written if canary in everything else ():
            found = one.text.find(canary)
            if found >= 0:
                line = one.text.count("\n", 0, found) + 1
                yield Violation("I14", one.where, f"canary {number} ({len(canary)} characters) stands in line {line}")


def searched(index: Index) -> Mapping[str, int]:
    """The bytes of each sink that canaries were looked for in."""
    sizes = Counter[str]()
    for one in _written(index) if index.history.canaries else ():
        sizes[one.sink] += len(one.text.encode())
    return sizes


def _written(index: Index) -> Iterator[_Written]:
    history = index.history
    for sink, text in {"logs": history.logs, "metrics": history.metrics, **history.sinks}.items():
        yield _Written(sink, sink, text)
    for dead_letter in history.dead_letters:
        kept = (
            {name for name, _ in index.inputs[dead_letter.origin].headers}
            if dead_letter.origin in index.inputs
            else set[str]()
        )
        ours = tuple((name, value) for name, value in dead_letter.headers if name not in kept)
        yield _Written("headers of dead letters", f"headers of dead letter {at(dead_letter.place)}", _values(ours))
    for published in history.published:
        place = at(published.place)
        yield _Written("headers of outcomes", f"headers of {place}", _values(published.headers))
        if isinstance(published.outcome, AccountProvisioningFailed):
            yield _Written("messages of failures", f"message of {place}", published.outcome.message)


def _values(headers: Headers) -> str:
    return "\n".join((value or b"").decode(errors="replace") for _, value in headers)
