"""W3C trace context: how an event's trace is found again in logs and outcomes. Pure."""

import re
from collections.abc import Iterable

HEADER = "traceparent"
_FORM = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


def traceparent_of(headers: Iterable[tuple[str, bytes | None]] | None) -> str | None:
    """The header as it came; None where there is none, or it is not of the W3C's form."""
    for name, value in headers or ():
        if name == HEADER and value is not None and _FORM.fullmatch(value):
            return value.decode()
    return None


def trace_id(traceparent: str | None) -> str | None:
    """32 hexadecimal digits."""
    found = _FORM.fullmatch(traceparent.encode()) if traceparent else None
    return found[1].decode() if found else None
