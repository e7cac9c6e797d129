"""What would become of a dead letter's record if it arrived now: by today's schemas and configuration, and by what the ledger has."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from consumer.codec.dead_letters import DeadLetterReason, Unreadable
from consumer.errors import Unavailable
from consumer.events import ProviderAction, StudentStatusChanged
from consumer.intake.batch import BatchReader, Reader
from consumer.intake.dead_letters import refused
from consumer.kafka import headers_of
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.replay.letters import OriginalRecord


class ReplayResult(StrEnum):
    """What becomes of a record."""

    ACCEPTED = "accepted"  # its action is carried out
    NO_ACTION = "no_action"  # it asks for nothing; at most, it cancels open work
    SUPERSEDED = "superseded"  # a newer event of the student is known: nothing is done
    DUPLICATE = "duplicate"  # the same event was accepted already: nothing is done
    DEAD_LETTER = "dead_letter"  # it becomes a dead letter again
    IMPOSSIBLE = "impossible"  # it can't be sent in again: its value was not kept, or it is from elsewhere


@dataclass(frozen=True, slots=True)
class Preview:
    """`sentence` says it to people, and has no personal data. `reason` is that of a new dead letter. Whom it is about, where it decodes."""

    result: ReplayResult
    sentence: str
    reason: DeadLetterReason | None = None
    action: ProviderAction | None = None
    tenant_id: str | None = None
    student_id: str | None = None


_KNOWN = {
    Disposition.DUPLICATE: (ReplayResult.DUPLICATE, "The same event was accepted before: nothing more would be done."),
    Disposition.SUPERSEDED: (
        ReplayResult.SUPERSEDED,
        "A newer event of the student was accepted: nothing would be done.",
    ),
}
_NOT_KEPT = "Its value was not kept, or its headers do not say where it came from: have the SIS send the event again."
_ELSEWHERE = "It came from another topic than `kafka.topics.status_changed`, which is all that this service reads."
_REUSED = "Its event_id was used before for other content: the SIS must send it with another."


class Ledger(Protocol):
    """`consumer.ledger.replays.Replays`, as far as it is asked."""

    def disposition(self, arrival: Arrival) -> Disposition: ...


class Previewer:
    """Decides by the intake's own code. `topic` is the one that it reads. Blocking."""

    def __init__(self, batches: BatchReader, reader: Reader, ledger: Ledger, topic: str) -> None:
        self._batches = batches
        self._reader = reader
        self._ledger = ledger
        self._topic = topic

    def of(self, original: OriginalRecord | None) -> Preview:
        """Raises `Unavailable` where the registry or the ledger does not answer."""
        if original is None:
            return Preview(ReplayResult.IMPOSSIBLE, _NOT_KEPT)
        if original.topic() != self._topic:
            return Preview(ReplayResult.IMPOSSIBLE, _ELSEWHERE)
        batch = self._batches.batch([original], set())
        if batch.waiting:
            raise Unavailable("The schema of a dead letter cannot be looked up: the registry is not responding.")
        event = self.event(original)
        about = (event.tenant_id, event.student.student_id) if event else (None, None)
        for letter in batch.dead_letters or [refused(original, DeadLetterReason.UNKNOWN_TENANT) for _ in batch.unknown]:
            return Preview(ReplayResult.DEAD_LETTER, letter.sentence, letter.reason, None, *about)
        for taken in batch.arrivals:
            disposition = self._ledger.disposition(taken.arrival)
            if disposition is Disposition.REUSED_ID:
                return Preview(ReplayResult.DEAD_LETTER, _REUSED, DeadLetterReason.REUSED_ID, None, *about)
            action = taken.arrival.action
            result, sentence = _KNOWN.get(disposition, (ReplayResult.ACCEPTED, f"It would be accepted: {action}."))
            return Preview(result, sentence, None, action if result is ReplayResult.ACCEPTED else None, *about)
        return Preview(ReplayResult.NO_ACTION, "It would be read, and asks for nothing.", None, None, *about)

    def event(self, original: OriginalRecord) -> StudentStatusChanged | None:
        """The event with all its personal data; None where it cannot be decoded. Raises `Unavailable`."""
        try:
            return self._reader.read(original.value(), headers_of(original))
        except Unreadable:
            return None
