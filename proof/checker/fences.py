"""I13: a fenced writer writes nothing more. A row that a commit left bears the epoch that it was written under."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from proof.checker.index import Index, of
from proof.checker.report import Violation


def fenced(index: Index) -> Iterator[Violation]:
    """In the order of the commits: the newest lease of each student, and the newest epoch of each partition."""
    newest: dict[tuple[Any, Any], int] = defaultdict(int)
    for change in index.history.changes:
        row = change.row
        match change.table:
            case "student" | "step":
                key, epoch = (row["tenant_id"], row["student_id"]), row.get("lease_epoch")
            case "partition_epoch" | "inbox":
                key, epoch = (row["topic"], row["partition"]), row.get("epoch")
            case _:
                continue
        if epoch is None or epoch == newest[key]:
            continue
        if epoch > newest[key]:
            newest[key] = epoch
        else:
            wrong = f"change {change.number} ({change.table}) was written under epoch {epoch}, after {newest[key]} was taken"
            yield Violation("I13", of(key), wrong)
