"""I13: whoever was replaced writes nothing more. A row that a commit left bears the epoch that it was written under."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from proof.checker.index import Index, of
from proof.checker.report import Violation

_Row = Mapping[str, Any]


def fenced(index: Index) -> Iterator[Violation]:
    """In the order of the commits: the newest lease of each student, and the newest epoch of each partition."""
    newest: dict[tuple[Any, Any], int] = defaultdict(int)
    steps: dict[tuple[Any, ...], _Row] = {}
    for change in index.history.changes:
        row, before = change.row, None
        match change.table:
            case "student":
                key, epoch = (row["tenant_id"], row["student_id"]), row.get("lease_epoch")
            case "step":
                key, epoch = (row["tenant_id"], row["student_id"]), row.get("lease_epoch")
                step = (*key, row["provider"], row["name"])
                before, steps[step] = steps.get(step), row
            case "partition_epoch" | "inbox":
                key, epoch = (row["topic"], row["partition"]), row.get("epoch")
            case _:
                continue
        if epoch is None or epoch == newest[key]:
            continue
        if epoch > newest[key]:
            newest[key] = epoch
        elif before is None or not _only_verified(before, row):
            wrong = f"change {change.number} ({change.table}) was written under epoch {epoch}, after {newest[key]} was taken"
            yield Violation("I13", of(key), wrong)


def _only_verified(before: _Row, row: _Row) -> bool:
    """Whether nothing but `unsure` was changed: that is written under a newer lease than the attempt that the row tells of."""
    return all(before.get(name) == value for name, value in row.items() if name != "unsure")
