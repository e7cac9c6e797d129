"""The tokens of one limit that a process holds. Pure: times are in seconds, of one clock that does not go back."""

from collections import deque
from dataclasses import dataclass
from math import inf

from consumer.pacing.limit import Portion


@dataclass(slots=True)
class _Run:
    """Tokens, one each `every` seconds from `first` on; none is used before it was `received`."""

    first: float
    every: float
    left: int
    received: float


class Held:
    """Given out in the order in which they came. Each can be used until `late` seconds after its time."""

    def __init__(self, late: float) -> None:
        self._late = late
        self._runs: deque[_Run] = deque()

    def __len__(self) -> int:
        return sum(run.left for run in self._runs)

    def add(self, portion: Portion, now: float) -> None:
        """What the ledger gave."""
        if portion.tokens:
            self._runs.append(_Run(now + portion.first, portion.every, portion.tokens, now))

    def give_back(self, tokens: int, now: float) -> None:
        """Taken, and not used."""
        if tokens:
            self._runs.appendleft(_Run(now, 0.0, tokens, now))

    def ready_at(self, tokens: int) -> float:
        """When so many can be used; `inf` where there are not so many."""
        for run in self._runs:
            if tokens <= run.left:
                return run.first + (tokens - 1) * run.every
            tokens -= run.left
        return inf

    def take(self, tokens: int) -> int:
        """Removes so many, or all; returns how many were lacking."""
        while tokens and self._runs:
            run = self._runs[0]
            used = min(tokens, run.left)
            run.left -= used
            run.first += used * run.every
            tokens -= used
            if not run.left:
                self._runs.popleft()
        return tokens

    def clear(self) -> None:
        """Drops them all."""
        self._runs.clear()

    def drop_old(self, now: float) -> None:
        """Drops those that were not used in time."""
        while self._runs and (run := self._runs[0]) and max(run.first, run.received) + self._late <= now:
            self.take(1)
