"""A clock that moves only when advanced."""

from dataclasses import dataclass

START = 1_800_000_000.0
"""2027-01-15 08:00:00 UTC."""


@dataclass
class Clock:
    """Unix seconds."""

    now: float = START

    def __call__(self) -> float:
        return self.now
