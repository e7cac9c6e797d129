"""What is said again and again, said now and then."""

import re
import threading
import time
from collections.abc import Callable

REMINDER = 60.0
_DURATION = re.compile(r"\d+ ?ms")


class Sparing:
    """Remembers what was said in the last minute. Safe to call from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, int]] = {}

    def left_out(self, text: str) -> int | None:
        """How often it was left out since it was said last; None where it is to be left out now. Durations do not make a text another."""
        text = _DURATION.sub("", text)
        with self._lock:
            now = self._clock()
            since, count = self._seen.get(text, (now, -1))
            if count >= 0 and now - since < REMINDER:
                self._seen[text] = since, count + 1
                return None
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen[0] < REMINDER}
            self._seen[text] = now, 0
            return max(0, count)
