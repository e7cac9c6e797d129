"""What is remembered of a file to see that it has changed: what `stat` says, looked at often, and a digest of its bytes, which decides."""

import os
import stat
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

Stamp = tuple[int, int, int] | None
"""Time of the last change in ns, bytes, inode; None where there is no such file, or it cannot be looked at."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was at one moment. `digest` is None where it could not be read."""

    stamp: Stamp
    digest: bytes | None = field(repr=False)  # of a secret, too

    @classmethod
    def of(cls, path: Path | str) -> "Seen":
        """Blocking; raises nothing. A file that is written meanwhile has another stamp the next time."""
        found = stamp(path)
        try:
            digest = blake2b(Path(path).read_bytes(), digest_size=16).digest() if found else None
        except OSError:
            digest = None
        return cls(found, digest)


def stamp(path: Path | str) -> Stamp:
    """Of a regular file. Follows symbolic links: Kubernetes replaces the files of a volume by exchanging one link. Raises nothing."""
    try:
        found = os.stat(path)  # noqa: PTH116  thousands of paths, each at every look: a `Path` costs more than the call
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if stat.S_ISREG(found.st_mode) else None
