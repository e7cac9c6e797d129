"""What one run of one contestant tells, as the one line of JSON that it prints: it runs in a process of its own, ours or a peer's."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Reading:
    """`seconds` from the first event to the last; `cpu` in seconds in that time; `memory` in bytes after a quarter, and at the end.

    Peers tell nothing of their memory, those in Java nothing of their CPU either.
    """

    events: int
    seconds: float
    cpu: float = 0.0
    memory_early: int = 0
    memory_late: int = 0

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def growth(self) -> float:
        """Memory at the end, of that after a quarter."""
        return self.memory_late / self.memory_early

    def tell(self) -> None:
        """Prints it for `take`."""
        sys.stdout.write(f"{_READING.dump_json(self).decode()}\n")


_READING = TypeAdapter(Reading)


def take(module: str, *words: str, **variables: object) -> Reading:
    """Runs the module to its end, with `variables` in its environment. Raises RuntimeError, with what it said, if it fails."""
    return run([sys.executable, "-m", module, *words], **variables)


def run(command: Sequence[str], **variables: object) -> Reading:
    """The same for any command."""
    environ = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  our own
    if done.returncode or not done.stdout.strip():
        raise RuntimeError(f"{command} failed ({done.returncode}):\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return _READING.validate_json(done.stdout.strip().splitlines()[-1])
