"""Where replayed events come from, and what each of them is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from consumer.codec.dead_letters import DeadLetterReason
from consumer.events import StudentStatusChanged


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that cannot be read, as intake would treat it: a dead letter. `place` names it within its source."""

    place: str
    reason: DeadLetterReason
    sentence: str


Replayed = StudentStatusChanged | Rejected | None
"""None: another tenant's event."""


class Step(NamedTuple):
    """One record, and how much of the source is behind it."""

    record: Replayed
    done: int


class Source(Protocol):
    """Read once, from its beginning to what was its end at first. `total` is the size in the unit of `Step.done`."""

    @property
    def total(self) -> int: ...

    def __iter__(self) -> Iterator[Step]:
        """Blocks. Raises `Unavailable` where Kafka or the registry does not answer, `OSError` where a file cannot be read."""
        ...
