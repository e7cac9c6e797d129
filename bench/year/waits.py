"""How long students waited, counted in steps of the model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Waits:
    """`least` is what an account takes by itself, in seconds; the grain of a wait is a step of so many seconds."""

    step: int
    least: float
    counts: Counter[int] = field(default_factory=Counter[int])

    def add(self, steps: int, students: int) -> None:
        """Those whose accounts were made so many steps after their events came."""
        self.counts[steps] += students

    @classmethod
    def of_all(cls, several: Sequence["Waits"]) -> "Waits":
        """Of several groups of students together."""
        together = cls(several[0].step, several[0].least)
        for waits in several:
            together.counts.update(waits.counts)
        return together

    @property
    def students(self) -> int:
        """All of them."""
        return self.counts.total()

    def quantile(self, share: float) -> float:
        """Seconds; 0.0 where there was no student."""
        left = share * self.students
        for steps in sorted(self.counts):
            left -= self.counts[steps]
            if left <= 0:
                return steps * self.step + self.least
        return 0.0

    @property
    def worst(self) -> float:
        """Seconds."""
        return max(self.counts, default=0) * self.step + self.least
