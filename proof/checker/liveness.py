"""I15: after the last fault all comes to rest, in time; and whom no fault was aimed at does not wait for it."""

from collections.abc import Iterator

from consumer.events import StepName
from proof.checker.index import Index, Student, of
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
    yield from _kept_waiting(index)


def _kept_waiting(index: Index) -> Iterator[Violation]:
    """Students of spared tenants, from the change that wanted a version to the one that settled it.

    But for those whose account was deleted: who returns waits until replicas show that.
    """
    since: dict[Student, float] = {}
    deletions = (change.row for change in index.changes.get("step", ()) if change.row["name"] == StepName.DELETE)
    deleted = {(row["tenant_id"], row["student_id"]) for row in deletions}
    for change in index.changes.get("student", ()) if index.history.spared else ():
        row, student = change.row, (change.row["tenant_id"], change.row["student_id"])
        if row["tenant_id"] not in index.history.spared or student in deleted:
            continue
        if row["settled_version"] < row["desired_version"]:
            since.setdefault(student, change.at)
        elif (waited := change.at - since.pop(student, change.at)) > index.history.bounds.spared:
            published = f"change {change.number} settled it after {waited:.0f} s, and no fault was aimed at the tenant"
            yield Violation("I15", of(student), published)
