"""Sends dead letters, and returns only when the cluster has them."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from confluent_kafka import KafkaError, KafkaException

from consumer.codec.letters import LetterReason, letter_headers
from consumer.errors import Unavailable
from consumer.intake.port import Producer, Record
from consumer.kafka import is_fatal

_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD}
_OMITTED = "provisioner-value-omitted"
_LARGE_KEY = 1024

_Origin = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that can't be taken, and why.

    Where its headers could not be read, they are not asked for again: `confluent_kafka.Message` keeps its half-made list after the first
    failure, and whoever reads that ends the process (a null pointer in it).
    """

    record: Record
    reason: LetterReason
    sentence: str
    headers_readable: bool = True

    @property
    def place(self) -> _Origin:
        """Topic, partition and offset that it was read from."""
        return self.record.topic() or "", self.record.partition() or 0, self.record.offset() or 0


class LettersAway(Unavailable):
    """The cluster does not take dead letters now."""


class DeadLetters:
    """The dead-letter topic. Blocking; at least once: a repeat bears the same topic, partition and offset in its headers.

    A letter that is still on its way when `send` gives up is not produced again by the next `send`, but waited for. A producer that says
    that it can't go on is replaced, and what it had on its way is sent again.
    """

    def __init__(self, producers: Callable[[], Producer], topic: str, *, timeout: float = 5.0) -> None:
        self._producers = producers
        self._producer = producers()
        self._topic = topic
        self._timeout = timeout
        self._reports: dict[_Origin, KafkaError | None] = {}
        self._on_their_way: set[_Origin] = set()

    def send(self, letters: Sequence[Letter]) -> None:
        """Sends all. Raises `LettersAway` where the cluster has not taken every one of them in `timeout` seconds: call again."""
        places = {letter.place for letter in letters}
        self._reports = {place: report for place, report in self._reports.items() if place in places}
        for letter in letters:
            if letter.place not in self._reports and letter.place not in self._on_their_way:
                self._produce(letter, whole=True)
        self._flush()
        refused = [letter for letter in letters if _too_large(self._reports.get(letter.place))]
        for letter in refused:
            self._produce(letter, whole=False)
        if refused:
            self._flush()
        failed = {place: error for place, error in self._reports.items() if error is not None}
        for place in failed:
            del self._reports[place]
        if any(is_fatal(error) for error in failed.values()):
            self._producer = self._producers()
            self._on_their_way.clear()
        for error in failed.values():
            raise LettersAway(f"The dead letters' topic refuses records ({error.name()}).")
        if not self._reports.keys() >= places:
            raise LettersAway("The dead letters' topic does not answer.")

    def _produce(self, letter: Letter, *, whole: bool) -> None:
        topic, partition, offset = letter.place
        value, key = letter.record.value(), letter.record.key()
        headers = letter_headers(
            letter.record.headers() if whole and letter.headers_readable else None,
            topic=topic,
            partition=partition,
            offset=offset,
            reason=letter.reason,
            sentence=letter.sentence,
        )
        if not whole:
            # Too large for the cluster, with what we add: its place says where the rest can be read as long as the topic keeps it.
            size, digest = len(value or b""), hashlib.sha256(value or b"").hexdigest()
            headers.append((_OMITTED, f"{size} bytes, sha-256 {digest}".encode()))
            value, key = None, key if key and len(key) <= _LARGE_KEY else None
        self._reports.pop(letter.place, None)
        self._on_their_way.add(letter.place)
        try:
            self._producer.produce(
                self._topic, value, key, headers=headers, on_delivery=partial(self._reported, letter.place)
            )
        except KafkaException as error:
            self._reported(letter.place, error.args[0], letter.record)
        except BufferError:
            self._on_their_way.discard(letter.place)
            raise LettersAway("The dead letters' producer is full.") from None

    def _reported(self, place: _Origin, error: KafkaError | None, _record: Record) -> None:
        self._on_their_way.discard(place)
        self._reports[place] = error

    def _flush(self) -> None:
        if self._producer.flush(self._timeout):
            raise LettersAway("The dead letters' topic does not answer.")


def _too_large(report: KafkaError | None) -> bool:
    return report is not None and report.code() in _TOO_LARGE
