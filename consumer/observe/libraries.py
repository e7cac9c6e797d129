"""Logs of libraries, in our format. Only warnings of most libraries pass: at lower levels they log request bodies and addresses.

librdkafka logs to the logger `librdkafka` (`consumer.kafka`), as (facility, client, message). It logs each failed attempt to connect, up to
twenty a second, and recovers from what it calls an error by itself: its errors become warnings, and what it repeats is left out for
half a minute.
"""

import logging
import re
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger()

LIBRDKAFKA = "librdkafka"
_REPEAT_AFTER = 30.0
_DURATION = re.compile(r"\d+ ?ms")
_LINE_OF_LIBRDKAFKA = 3


class ToStructlog(logging.Handler):
    """The handler of the standard library's root logger. Exceptions are logged by their type only, as in our own lines."""

    def __init__(self) -> None:
        super().__init__()
        self._sparing = Sparing()

    def emit(self, record: logging.LogRecord) -> None:
        """Logs one record."""
        error = record.exc_info[1] if record.exc_info else None
        about = {"exc_info": error} if error is not None else {}
        if record.name == LIBRDKAFKA and isinstance(record.args, tuple) and len(record.args) == _LINE_OF_LIBRDKAFKA:
            left_out = self._sparing.left_out(record)
            if left_out is None:
                return
            facility, client, message = map(str, record.args)
            repeated = {"repeated": left_out} if left_out else {}
            log.log(_level(record), LIBRDKAFKA, client=client, facility=facility, message=message, **repeated)
        else:
            log.log(record.levelno, "library", logger=record.name, message=record.getMessage(), **about)


class Sparing:
    """Remembers what was logged in the last 30 seconds. Not thread-safe: a handler calls under its lock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    def left_out(self, record: logging.LogRecord) -> int | None:
        """How many equal lines were left out since the last one was logged; None where this one is to be left out as well."""
        now = self._clock()
        line = _DURATION.sub("", record.getMessage())
        since, count = self._seen.get(line, (now, -1))
        if count >= 0 and now - since < _REPEAT_AFTER:
            self._seen[line] = since, count + 1
            return None
        self._seen = {line: seen for line, seen in self._seen.items() if now - seen[0] < _REPEAT_AFTER}
        self._seen[line] = now, 0
        return max(0, count)


def _level(record: logging.LogRecord) -> int:
    return logging.WARNING if record.levelno == logging.ERROR else record.levelno
