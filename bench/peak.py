"""Runs a command, and writes how much memory it had at most, in KiB: python -m bench.peak FILE COMMAND …

In a small process of its own: of a command that is started by a large one, Linux reports at least the size of that one
(`getrusage(2)`: `ru_maxrss` outlives `execve`).
"""

import resource
import subprocess
import sys
from pathlib import Path


def main(file: str, *command: str) -> int:
    """The command's exit status."""
    status = subprocess.run(command, check=False).returncode  # noqa: S603  the benchmark's own command
    Path(file).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
