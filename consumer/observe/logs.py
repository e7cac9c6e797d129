"""Logs: one JSON object a line on standard error (or lines for people). Values are ids and counts, never a person's data."""

import logging
import sys

import structlog
from structlog.exceptions import DropEvent
from structlog.typing import EventDict, Processor

from consumer.observe.libraries import ToStructlog
from consumer.observe.log_lines import LIBRDKAFKA
from consumer.observe.log_schema import Reminders, keep_to_schema
from consumer.observe.sparing import Sparing

log = structlog.get_logger()

_DEBUG = "debug"
_NUMBERS = logging.getLevelNamesMapping()


class Levels:
    """Which lines are logged. The level can be changed while the process runs; from any thread."""

    def __init__(self, configured: str) -> None:
        self._configured = configured.lower()
        self._set(self._configured)

    def toggle(self) -> None:
        """To `debug`, and back to the configured level."""
        changed = self._configured if self.current == _DEBUG else _DEBUG
        # At whichever level is more talkative, so that it is seen.
        self._set(_DEBUG)
        log.warning("log_level_changed", to=changed)
        self._set(changed)

    def _set(self, level: str) -> None:
        self.current = level
        self._least = _NUMBERS[level.upper()]
        logging.getLogger(LIBRDKAFKA).setLevel(self._least)

    def __call__(self, _logger: object, method: str, event: EventDict) -> EventDict:
        """A processor. Raises `DropEvent` for what is below the level."""
        if _NUMBERS.get(method.upper(), logging.CRITICAL) < self._least:
            raise DropEvent
        return event


def configure(level: str, style: str) -> Levels:
    """Sets up structlog and the standard library's loggers for this process. `style` is "json" or "console"."""
    levels = Levels(level)
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
        if style == "console"
        else structlog.processors.JSONRenderer()
    )
    processors: list[Processor] = [
        levels,
        structlog.contextvars.merge_contextvars,
        Reminders(Sparing()),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_exception_text,
        keep_to_schema,
        renderer,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[ToStructlog()], force=True)
    return levels


def _without_exception_text(_logger: object, _method: str, event: EventDict) -> EventDict:
    """An exception is logged by its type alone: the text of a library's exception may quote what a vendor or a database was sent."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
    return event
