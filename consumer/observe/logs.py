"""Logs: one JSON object a line on standard error (or lines for people). Values are ids and counts, never a person's data."""

import logging
import sys

import structlog
from structlog.typing import Processor

from consumer.observe.libraries import LIBRDKAFKA, ToStructlog


def configure(level: str, style: str) -> None:
    """Sets up structlog and the standard library's loggers for this process. `style` is "json" or "console"."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_exception_text,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if style == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[ToStructlog()], force=True)
    logging.getLogger(LIBRDKAFKA).setLevel(level.upper())


def _without_exception_text(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """An exception is logged by its type alone: the text of a library's exception may quote what a vendor or a database was sent."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
    return event
