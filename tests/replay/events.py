"""Events as lines of a file."""

import json
from pathlib import Path
from typing import Any

from tests.codec.conftest import event


def line(student: str, *, version: int = 1, status: str = "enrolled", tenant: str = "north-high", **about: Any) -> str:
    """One event of that student; `about` are more fields of the person."""
    record = event(
        event_id=f"{student}/{version}",
        occurred_at="2026-09-01T12:00:00Z",
        tenant_id=tenant,
        version=version,
        status={"id": status, "name": status, "type": "T"},
        student={"student_id": student, "attributes": {}, **about},
    )
    return json.dumps(record, ensure_ascii=False)


def file_of(folder: Path, *lines: str) -> Path:
    """The lines in a file."""
    path = folder / "events.jsonl"
    path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    return path
