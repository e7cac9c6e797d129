"""The `Retry-After` of a response. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 24 * 3_600.0
"""Seconds; a longer value is a mistake or comes from a wrong clock."""

_SECONDS = re.compile(r"\d+(\.\d+)?")


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait, from 0 to a day (more is cut to it); None if the header is missing or unreadable: "-5", "soon".

    RFC 9110 10.2.3: whole seconds, or a date; a date counts from the answer's own `date` where it has one, so that a server whose clock
    is off is understood. Decimals ("2.128") are Graph's. `now` is Unix time; header names are in lower case.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST)
    then = _unix(text)
    if then is None:
        return None
    sent = _unix(headers.get("date", "").strip())
    return min(max(0.0, then - (now if sent is None else sent)), LONGEST)


def _unix(text: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(text)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard library raises for broken dates
        return None
