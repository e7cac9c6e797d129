"""Sends dead letters, and returns only when the cluster has them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException

from consumer.codec.letters import LetterReason, letter_headers
from consumer.errors import Unavailable
from consumer.intake.port import Producer, Record

_TOO_LARGE = {KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.INVALID_RECORD}
_OMITTED = "provisioner-value-omitted"


@dataclass(frozen=True, slots=True)
class Letter:
    """A record that can't be taken, and why."""

    record: Record
    reason: LetterReason
    sentence: str

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset that it was read from."""
        return self.record.topic() or "", self.record.partition() or 0, self.record.offset() or 0


class DeadLetters:
    """The dead-letter topic. Blocking; at least once: a repeat bears the same topic, partition and offset in its headers."""

    def __init__(self, producer: Producer, topic: str, *, timeout: float = 30.0) -> None:
        self._producer = producer
        self._topic = topic
        self._timeout = timeout

    def send(self, letters: Sequence[Letter]) -> None:
        """Sends all. Raises `Unavailable` where the cluster has not taken every one of them in `timeout` seconds."""
        refused: list[Letter] = []
        failed: list[KafkaError] = []
        for letter in letters:
            self._produce(letter, whole=True, refused=refused, failed=failed)
        self._flush()
        for letter in refused:
            self._produce(letter, whole=False, refused=[], failed=failed)
        if refused:
            self._flush()
        if failed:
            raise Unavailable(f"The dead letters' topic refuses records ({failed[0].name()}).")

    def _produce(self, letter: Letter, *, whole: bool, refused: list[Letter], failed: list[KafkaError]) -> None:
        topic, partition, offset = letter.place
        value = letter.record.value()
        headers = letter_headers(
            letter.record.headers() if whole else None,
            topic=topic,
            partition=partition,
            offset=offset,
            reason=letter.reason,
            sentence=letter.sentence,
        )
        if not whole and value is not None:
            # Too large for the cluster, with what we add: its place says where the value can be read as long as the topic keeps it.
            headers.append((_OMITTED, f"{len(value)} bytes, sha-256 {hashlib.sha256(value).hexdigest()}".encode()))

        def delivered(error: KafkaError | None, _record: Record) -> None:
            if error is not None:
                _sort(error, letter, refused if whole else None, failed)

        try:
            self._producer.produce(
                self._topic, value if whole else None, letter.record.key(), headers=headers, on_delivery=delivered
            )
        except KafkaException as error:
            _sort(error.args[0], letter, refused if whole else None, failed)
        except BufferError:
            raise Unavailable("The dead letters' producer is full.") from None

    def _flush(self) -> None:
        if self._producer.flush(self._timeout):
            raise Unavailable("The dead letters' topic does not answer.")


def _sort(error: KafkaError, letter: Letter, refused: list[Letter] | None, failed: list[KafkaError]) -> None:
    if refused is not None and error.code() in _TOO_LARGE:
        refused.append(letter)
    else:
        failed.append(error)
