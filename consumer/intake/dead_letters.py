"""Sends dead letters, and returns only when the cluster has them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from confluent_kafka import KafkaError, KafkaException

from consumer.codec.dead_letters import OMITTED_HEADER, DeadLetterReason, dead_letter_headers
from consumer.errors import Unavailable
from consumer.intake.port import Producer, Record, origin_of
from consumer.kafka import is_fatal
from consumer.ledger.port.parking import Origin

_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD}
_LARGE_KEY = 1024

_SENTENCES: Mapping[DeadLetterReason, str] = {
    DeadLetterReason.UNKNOWN_TENANT: "No tenant with this id is configured.",
    DeadLetterReason.UNLISTED_STATUS: "No row of the tenant's status table is for this status and student.",
    DeadLetterReason.TENANT_UNUSABLE: "The tenant's file cannot be read: correct it, then `provisioner dead-letters replay`.",
}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that can't be taken, and why.

    Where its headers could not be read, they are not asked for again: `confluent_kafka.Message` keeps its half-made list after the first
    failure, and reading it crashes the process (it holds a null pointer).
    """

    record: Record
    reason: DeadLetterReason
    sentence: str
    headers_readable: bool = True

    @property
    def place(self) -> Origin:
        """Topic, partition and offset that it was read from."""
        return origin_of(self.record)


def refused(record: Record, reason: DeadLetterReason) -> DeadLetter:
    """A dead letter for an event that the configuration gives no meaning to."""
    return DeadLetter(record, reason, _SENTENCES[reason])


class DeadLettersUnavailable(Unavailable):
    """The cluster does not take dead letters now."""


class DeadLetters:
    """The dead-letter topic. Blocking; at least once: a repeat bears the same topic, partition and offset in its headers.

    A letter that is still on its way when `send` gives up is not produced again by the next `send`, but waited for. A producer that says
    that it cannot continue is replaced, and what it had on its way is sent again.
    """

    def __init__(self, producers: Callable[[], Producer], topic: str, *, timeout: float = 5.0) -> None:
        self._producers = producers
        self._producer = producers()
        self._topic = topic
        self._timeout = timeout
        self._reports: dict[Origin, KafkaError | None] = {}
        self._on_their_way: set[Origin] = set()

    def send(self, dead_letters: Sequence[DeadLetter]) -> None:
        """Sends all. Raises `LettersAway` where the cluster has not taken every one of them in `timeout` seconds: call again."""
        places = {dead_letter.place for dead_letter in dead_letters}
        self._reports = {place: report for place, report in self._reports.items() if place in places}
        for dead_letter in dead_letters:
            if dead_letter.place not in self._reports and dead_letter.place not in self._on_their_way:
                self._produce(dead_letter, whole=True)
        self._flush()
        refused = [dead_letter for dead_letter in dead_letters if _too_large(self._reports.get(dead_letter.place))]
        for dead_letter in refused:
            self._produce(dead_letter, whole=False)
        if refused:
            self._flush()
        failed = {place: error for place, error in self._reports.items() if error is not None}
        for place in failed:
            del self._reports[place]
        if any(is_fatal(error) for error in failed.values()):
            self._producer = self._producers()
            self._on_their_way.clear()
        for error in failed.values():
            raise DeadLettersUnavailable(f"The dead-letter topic rejected a record ({error.name()}).")
        if not self._reports.keys() >= places:
            raise DeadLettersUnavailable("The dead-letter topic is not responding.")

    def _produce(self, dead_letter: DeadLetter, *, whole: bool) -> None:
        topic, partition, offset = dead_letter.place
        value, key = dead_letter.record.value(), dead_letter.record.key()
        headers = dead_letter_headers(
            dead_letter.record.headers() if whole and dead_letter.headers_readable else None,
            topic=topic,
            partition=partition,
            offset=offset,
            reason=dead_letter.reason,
            sentence=dead_letter.sentence,
        )
        if not whole:
            # Too large for the cluster, with what we add: its place says where the rest can be read as long as the topic keeps it.
            size, digest = len(value or b""), hashlib.sha256(value or b"").hexdigest()
            headers.append((OMITTED_HEADER, f"{size} bytes, sha-256 {digest}".encode()))
            value, key = None, key if key and len(key) <= _LARGE_KEY else None
        self._reports.pop(dead_letter.place, None)
        self._on_their_way.add(dead_letter.place)
        try:
            self._producer.produce(
                self._topic, value, key, headers=headers, on_delivery=partial(self._reported, dead_letter.place)
            )
        except KafkaException as error:
            self._reported(dead_letter.place, error.args[0], dead_letter.record)
        except BufferError:
            self._on_their_way.discard(dead_letter.place)
            raise DeadLettersUnavailable("The dead-letter producer's queue is full.") from None

    def _reported(self, place: Origin, error: KafkaError | None, _record: Record) -> None:
        self._on_their_way.discard(place)
        self._reports[place] = error

    def _flush(self) -> None:
        if self._producer.flush(self._timeout):
            raise DeadLettersUnavailable("The dead-letter topic is not responding.")


def _too_large(report: KafkaError | None) -> bool:
    return report is not None and report.code() in _TOO_LARGE
