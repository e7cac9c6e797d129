"""What reached the vendors: every request, also those whose answer was lost. The truth that outcomes are checked against."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `at` in Unix seconds; `status` as the vendor meant it, `answered` whether the caller got to see it."""

    number: int
    at: float
    service: str
    route: str
    method: str
    path: str
    status: int
    executed: bool
    answered: bool
    request: str = field(repr=False)
    noted: dict[str, Any] = field(default_factory=dict[str, Any])


class AuditLog:
    """Append-only, in the order in which the requests were dealt with. For one event loop; reading is safe from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: list[Entry] = []

    def add(self, **about: Any) -> None:  # noqa: ANN401  the fields of `Entry`
        """Adds an entry, numbered and dated."""
        self._entries.append(Entry(number=len(self._entries) + 1, at=self._clock(), **about))

    def entries(self, *, after: int = 0) -> Sequence[Entry]:
        """Those after the number given, oldest first."""
        return self._entries[after:]

    def to_json(self, *, after: int = 0) -> Sequence[dict[str, Any]]:
        """The same for other processes."""
        return [asdict(entry) for entry in self.entries(after=after)]
