"""Keeps each line to the schema: its fields and no others, in one order."""

from collections.abc import Mapping

from structlog.exceptions import DropEvent
from structlog.typing import EventDict

from consumer.observe.log_lines import VERSION, Line, lines
from consumer.observe.sparing import Sparing

UNLISTED = "unlisted"
_LINES: Mapping[str, Line] = lines()
_FIRST = ("timestamp", "level", "event")


def keep_to_schema(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Leaves out what the line's schema does not name; of a line that has none, all but its level. Bound fields count like others."""
    name = str(event["event"])
    line = _LINES.get(name)
    ordered: EventDict = {key: event[key] for key in _FIRST if key in event}
    ordered["event"] = name if line else UNLISTED
    ordered["schema"] = VERSION
    allowed = (*line.fields, "repeated") if line else ()
    ordered.update({key: event[key] for key in allowed if event.get(key) is not None})
    return ordered


class Reminders:
    """A processor: a line that a loop repeats while nothing changes is logged at once, and then once a minute.

    Alike are lines of one name whose fields, but for numbers, are equal. `repeated` says how many were left out.
    """

    def __init__(self, sparing: Sparing) -> None:
        self._sparing = sparing

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        """Raises `DropEvent` for a line that is left out."""
        line = _LINES.get(str(event["event"]))
        if line is None or not line.repeats:
            return event
        fields = [f"{key}={event[key]}" for key in sorted(event) if isinstance(event[key], str)]
        left_out = self._sparing.left_out("\x1f".join(fields))
        if left_out is None:
            raise DropEvent
        if left_out:
            event["repeated"] = left_out
        return event
