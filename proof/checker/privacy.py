"""I14: names, addresses and passwords that were planted, wherever processes wrote something that others read."""

from collections.abc import Iterator

from consumer.events import AccountProvisioningFailed
from proof.checker.dispositions import at
from proof.checker.index import Index
from proof.checker.report import Violation


def private(index: Index) -> Iterator[Violation]:
    """Canaries are named by their number in the sorted list, sinks by line: the report must not be a sink itself."""
    sinks = list(_sinks(index)) if index.history.canaries else []
    everything = "\n".join(text for _, text in sinks)
    for number, canary in enumerate(sorted(index.history.canaries)):
        # Most are nowhere: that is found out in one look.
        for sink, text in sinks if canary in everything else ():
            found = text.find(canary)
            if found >= 0:
                line = text.count("\n", 0, found) + 1
                yield Violation("I14", sink, f"canary {number} ({len(canary)} characters) stands in line {line}")


def _sinks(index: Index) -> Iterator[tuple[str, str]]:
    history = index.history
    yield "logs", history.logs
    yield "metrics", history.metrics
    for dead_letter in history.dead_letters:
        kept = (
            {name for name, _ in index.inputs[dead_letter.origin].headers}
            if dead_letter.origin in index.inputs
            else set[str]()
        )
        ours = [(value or b"").decode(errors="replace") for name, value in dead_letter.headers if name not in kept]
        yield f"headers of dead letter {at(dead_letter.place)}", "\n".join(ours)
    for published in history.published:
        headers = [(value or b"").decode(errors="replace") for _, value in published.headers]
        message = published.outcome.message if isinstance(published.outcome, AccountProvisioningFailed) else ""
        yield f"headers and message of {at(published.place)}", "\n".join([*headers, message])
