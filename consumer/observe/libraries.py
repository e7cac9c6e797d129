"""Logs of libraries, in our format. Only warnings of most libraries pass: at lower levels they log request bodies and addresses.

librdkafka logs to the logger `librdkafka` (`consumer.kafka`), as (facility, client, message). It logs each failed attempt to connect, up to
twenty a second, and recovers from what it calls an error by itself: its errors become warnings, and what it repeats is left out for a
minute.
"""

import logging

import structlog

from consumer.observe.log_lines import LIBRARY, LIBRDKAFKA

log = structlog.get_logger()

_LINE_OF_LIBRDKAFKA = 3


class ToStructlog(logging.Handler):
    """The handler of the standard library's root logger. Exceptions are logged by their type only, as in our own lines."""

    def emit(self, record: logging.LogRecord) -> None:
        """Logs one record."""
        error = record.exc_info[1] if record.exc_info else None
        about = {"exc_info": error} if error is not None else {}
        if record.name == LIBRDKAFKA and isinstance(record.args, tuple) and len(record.args) == _LINE_OF_LIBRDKAFKA:
            facility, client, message = map(str, record.args)
            log.log(_level(record), LIBRDKAFKA, client=client, facility=facility, message=message)
        else:
            log.log(record.levelno, LIBRARY, logger=record.name, message=record.getMessage(), **about)


def _level(record: logging.LogRecord) -> int:
    return logging.WARNING if record.levelno == logging.ERROR else record.levelno
