"""What the simulated processes log, kept instead of printed."""

from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


@contextmanager
def captured() -> Generator[list[str]]:
    """The lines, growing. structlog is set up for the whole process: one simulation at a time."""
    lines: list[str] = []

    def keep(_logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        lines.append(repr(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(_INFO), cache_logger_on_first_use=False
    )
    try:
        yield lines
    finally:
        structlog.configure(**before)


_INFO = 20
