"""Tests that others refer to by name: `tests/folder/test_module.py::test_name`."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def is_there(test: str) -> bool:
    """Whether a test of this name is in that file, whatever its parameters."""
    file, _, name = test.partition("::")
    path = _ROOT / file
    return path.is_file() and bool(
        re.search(rf"^(async )?def {re.escape(name)}\(", path.read_text("utf-8"), re.MULTILINE)
    )
