"""I15: after the last fault all comes to rest, in time."""

from collections.abc import Iterator

from proof.checker.index import Index
from proof.checker.report import Violation


def at_rest(index: Index) -> Iterator[Violation]:
    """At rest nothing is owed but what waits for a person; `dispositions` says which records are not through."""
    history = index.history
    if history.quiet_at is None:
        yield Violation("I15", "the run", "it never came to rest")
    elif history.quiet_at > history.healed_at + history.bounds.quiet:
        took = history.quiet_at - history.healed_at
        yield Violation(
            "I15", "the run", f"it took {took:.0f} s from the last fault, over {history.bounds.quiet:.0f} s"
        )
