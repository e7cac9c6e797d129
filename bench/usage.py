"""What this process has used so far."""

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Usage:
    """`cpu` in seconds over all threads; `memory` in bytes: resident now, or at most so far where the system does not tell."""

    cpu: float
    memory: int

    @classmethod
    def now(cls) -> Self:
        """Costs a system call or two."""
        if _STATM.exists():
            memory = int(_STATM.read_text().split()[1]) * resource.getpagesize()
        else:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return cls(time.process_time(), memory)
