"""`python -m proof.chaos.shifted …` is the `provisioner` command with a clock that can be set to go wrong while it runs.

What is shifted is `time.time`, in the whole process: by it tokens age and dates of vendors are reckoned. The clocks of PostgreSQL and
librdkafka, and the monotonic one, are the machine's own, as after a jump of a machine's clock.
"""

import mmap
import os
import struct
import time
from pathlib import Path

VARIABLE = "CHAOS_CLOCK"
_SHIFT = struct.Struct("d")


class Clock:
    """The shift, in a file that the shifted process has mapped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shift(0.0)

    def shift(self, seconds: float) -> None:
        """So much is the process ahead of time from now on."""
        mode = "r+b" if self.path.exists() else "w+b"
        with self.path.open(mode) as file:
            file.write(_SHIFT.pack(seconds))


def _shift_time(path: Path) -> None:
    with path.open("r+b") as file:
        shift = mmap.mmap(file.fileno(), _SHIFT.size)
    real = time.time

    def shifted() -> float:
        return real() + _SHIFT.unpack(shift[: _SHIFT.size])[0]

    time.time = shifted


if __name__ == "__main__":
    _shift_time(Path(os.environ[VARIABLE]))  # before anything can have taken `time.time` for its own
    from consumer.cli import main

    main()
