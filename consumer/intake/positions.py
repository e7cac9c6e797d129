"""Up to where each of our partitions is done."""

from consumer.intake.offsets import Offsets
from consumer.intake.partitions import Partitions
from consumer.ledger.port.inbox import Place


class Positions:
    """Runs on the intake's thread."""

    def __init__(self, partitions: Partitions, offsets: Offsets) -> None:
        self._partitions = partitions
        self._offsets = offsets
        self._ends: dict[Place, int] = {}

    def reached_end(self, place: Place, offset: int) -> None:
        """Nothing is left to read before `offset`: transaction markers must count as read."""
        self._ends[place] = offset

    def of_ours(self) -> dict[Place, int]:
        """Of the assigned partitions; -1 where reading has not begun."""
        if not self._partitions.assigned:
            self._ends.clear()
        begun, done = self._partitions.begun, self._offsets.reached
        return {
            place: max(done.get(place, begun.get(place, -1)), self._ends.get(place, -1) if place in begun else -1)
            for place in self._partitions.assigned
        }
