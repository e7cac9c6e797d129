"""Parts that all workers of one test run share: each is started by the first test that wants it, and ends with the run."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

_END = 20.0
_TETHER = "tether"

Start = Callable[[Path, int], tuple[str, object]]
"""Starts a part in the given folder, held by the given tether; returns its address, and what stands for it in this process."""


class SharedParts:
    """One run's parts, in a folder that all its workers know.

    The run's own process holds the writing end of a FIFO whose reading end is every part's tether: whatever ends that process ends the
    parts.
    """

    def __init__(self, folder: Path, *, held: int | None = None) -> None:
        self.folder = folder
        self._held = held
        self._started: list[object] = []

    @classmethod
    def for_a_new_run(cls) -> Self:
        """A folder of its own. Only the process that lives as long as the run may call this; it must call `end`."""
        folder = Path(tempfile.mkdtemp(prefix="provisioner-tests-"))
        folder.chmod(0o711)  # PostgreSQL runs as another user where the tests run as root
        tether = folder / _TETHER
        os.mkfifo(tether)
        return cls(folder, held=os.open(tether, os.O_RDWR))

    def address(self, name: str, start: Start) -> str:
        """The part's address; starts it when no worker has. A part that failed once fails at once for everybody else: RuntimeError."""
        with (self.folder / f"{name}.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.seek(0)
            if known := lock.read():
                if known.startswith("failed: "):
                    raise RuntimeError(f"{name} {known}")
                return known
            tether = os.open(self.folder / _TETHER, os.O_RDONLY)
            try:
                address, part = start(self.folder / name, tether)
            except Exception as failure:
                lock.write(f"failed: {failure}")
                raise
            finally:
                os.close(tether)
            lock.write(address)
            self._started.append(part)
        return address

    def _left(self) -> bool:
        """Whether any part has data still. A part that ends removes its folder, maybe just while it is looked into."""
        try:
            return any(each.is_dir() and any(each.iterdir()) for each in self.folder.iterdir())
        except FileNotFoundError:
            return True

    def end(self) -> None:
        """Let go of the parts and wait until they are gone with their data."""
        if self._held is None:
            return
        os.close(self._held)
        self._held = None
        deadline = time.monotonic() + _END
        while self._left() and time.monotonic() < deadline:
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)
