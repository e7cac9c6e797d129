"""A disk of its own for a server's data, small enough to be filled: a file system in memory, where the machine lets us mount one."""

import shutil
import subprocess
from pathlib import Path
from typing import Self


class CannotBeRun(Exception):
    """This machine does not give what a row needs; the sentence says what."""


class SmallDisk:
    """Mounted at `place`, for the user given, from `with` to its end. Raises `CannotBeRun` where that is not allowed. Blocking."""

    def __init__(self, place: Path, *, megabytes: int, user: str) -> None:
        self._place = place
        self._size = megabytes
        self._user = user
        self._ballast = place / "ballast"

    def __enter__(self) -> Self:
        self._place.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={self._size}m,mode=0711", "tmpfs", str(self._place)]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own command
        except (OSError, subprocess.CalledProcessError) as failure:
            raise CannotBeRun("a small disk can't be mounted here") from failure
        shutil.chown(self._place, self._user)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", str(self._place)], check=False, capture_output=True)  # noqa: S603, S607  our own command

    def fill(self) -> None:
        """Not a byte is left."""
        block = bytes(64 * 1024)
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while file.write(block):
                    pass
            except OSError:
                return

    def free(self) -> None:
        """As before."""
        self._ballast.unlink(missing_ok=True)
