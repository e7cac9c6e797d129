"""What reached the vendors: every request, also those whose answer was lost. The truth that outcomes are checked against."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One request. `at` (when it was dealt with) and `begun_at` (when it came) in Unix seconds.

    `status` as the vendor meant it, `answered` whether the caller got to see an answer. `noted` is what the vendor knows of it: whose
    call it is (`tenant`, `credential`), the object that it was about as it stood afterwards (`object_id`, `address`, `marker`), the
    `message_id` of a mail, the `retry_after` that a 429 gave the caller, the `fault` that it met, if any but latency, and the
    `traceparent` that the call bore.
    """

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
    begun_at: float = 0.0


class AuditLog:
    """Append-only, in the order in which the requests were dealt with. For one event loop; reading is safe from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entries: list[Entry] = []

    def now(self) -> float:
        """The time by which entries are dated."""
        return self._clock()

    def add(self, **about: Any) -> None:  # noqa: ANN401  the fields of `Entry`
        """Adds an entry, numbered and dated. Without `begun_at` it came just now."""
        now = self._clock()
        about.setdefault("begun_at", now)
        self._entries.append(Entry(number=len(self._entries) + 1, at=now, **about))

    def entries(self, *, after: int = 0) -> Sequence[Entry]:
        """Those after the number given, oldest first."""
        return self._entries[after:]

    def to_json(self, *, after: int = 0) -> Sequence[dict[str, Any]]:
        """The same for other processes."""
        return [asdict(entry) for entry in self.entries(after=after)]
