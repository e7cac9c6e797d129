"""I13: whoever was replaced writes nothing more. A row that a commit left bears the epoch that it was written under."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from proof.checker.index import Index, Student, of
from proof.checker.report import Violation

_Key = TypeVar("_Key")


def fenced(index: Index) -> Iterator[Violation]:
    """In the order of the commits: the newest lease of each student, and the newest epoch of each partition."""
    leases: dict[Student, int] = defaultdict(int)
    partitions: dict[tuple[str, int], int] = defaultdict(int)
    for change in index.history.changes:
        row = change.row
        match change.table:
            case "student" | "step":
                student = (str(row["tenant_id"]), str(row["student_id"]))
                wrong = _older(leases, student, row.get("lease_epoch"))
                subject = of(student)
            case "partition_epoch" | "inbox":
                place = (str(row["topic"]), int(row["partition"]))
                wrong = _older(partitions, place, row.get("epoch"))
                subject = f"{place[0]}[{place[1]}]"
            case _:
                continue
        if wrong:
            yield Violation("I13", subject, f"change {change.number} ({change.table}{_name(row)}) {wrong}")


def _older(newest: dict[_Key, int], key: _Key, epoch: int | None) -> str | None:
    if epoch is None:
        return None
    if epoch < newest[key]:
        return f"was written under epoch {epoch}, after epoch {newest[key]} was taken"
    newest[key] = epoch
    return None


def _name(row: Mapping[str, Any]) -> str:
    return f" {row['name']}" if "name" in row else ""
