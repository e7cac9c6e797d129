"""Equal refusals of several students: what several meet within minutes is not the student's, but the institution's.

Counts what its own process met, as the breakers do; the wait that follows is kept in the ledger, and so observed by all replicas.
"""

from collections import OrderedDict

_LONGEST = 1_000

Refused = tuple[str, str, str]
"""Tenant, the service or its part, and what the vendor said."""


class Refusals:
    """Whether `students` different ones have met the same refusal within `window` seconds. Remembers the newest thousand kinds."""

    def __init__(self, *, students: int = 3, window: float = 600.0) -> None:
        self._students = students
        self._window = window
        self._met: OrderedDict[Refused, dict[str, float]] = OrderedDict()

    def common(self, refused: Refused, student_id: str, now: float) -> bool:
        """Notes that this student met it. True where others have as well, and all who depend on the same thing should wait."""
        met = self._met.setdefault(refused, {})
        self._met.move_to_end(refused)
        met[student_id] = now
        for student, at in list(met.items()):
            if now - at > self._window:
                del met[student]
        if len(self._met) > _LONGEST:
            self._met.popitem(last=False)
        return len(met) >= self._students
