"""The tokens of one limit that a process holds. Pure: times are in seconds, of one clock that does not go back."""

from collections import deque
from dataclasses import dataclass
from math import inf

from consumer.pacing.limit import Portion

_KEPT = 2.0
"""Seconds after which a token that was not used is dropped: meanwhile the vendor's own bucket may have filled up without it."""


@dataclass(slots=True)
class _Run:
    first: float
    every: float
    left: int
    until: float


class Held:
    """Given out in the order in which they came."""

    def __init__(self) -> None:
        self._runs: deque[_Run] = deque()

    def __len__(self) -> int:
        return sum(run.left for run in self._runs)

    def add(self, portion: Portion, now: float) -> None:
        """What the ledger gave."""
        if portion.tokens:
            last = portion.first + (portion.tokens - 1) * portion.every
            self._runs.append(_Run(now + portion.first, portion.every, portion.tokens, now + max(0.0, last) + _KEPT))

    def give_back(self, tokens: int, now: float) -> None:
        """Taken, and not used."""
        if tokens:
            self._runs.appendleft(_Run(now, 0.0, tokens, now + _KEPT))

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
        while self._runs and self._runs[0].until <= now:
            self._runs.popleft()
