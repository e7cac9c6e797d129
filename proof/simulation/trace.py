"""What happened in a simulation, a line each: the same for the same seed, to the byte."""

from collections.abc import Iterator

from proof.simulation.clock import Clock


class Trace:
    """Cheap to write to: lines are made when they are asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: list[tuple[float, str, str, object]] = []

    def add(self, who: str, what: str, about: object = "") -> None:
        """`about` must be immutable, and its text the same in every run: no secret, no set, no address in memory."""
        self._entries.append((self._clock.elapsed, who, what, about))

    def lines(self) -> Iterator[str]:
        """Seconds since the beginning, who, what, about what."""
        for at, who, what, about in self._entries:
            yield f"{at:12.6f}  {who:<12} {what} {about}".rstrip()
