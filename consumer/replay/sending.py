"""Sends dead letters in again: the record as it was, to the partition that it came from, with a header that names the letter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException

from consumer.codec.dead_letters import REPLAYED_HEADER, NewHeaders
from consumer.errors import Stop, Unavailable
from consumer.intake.port import Delivered, Record
from consumer.ledger.replays import Concerned, Letter, ReplayRun
from consumer.replay.letters import OriginalRecord

_REFUSED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.INVALID_RECORD,
        KafkaError.POLICY_VIOLATION,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001  its name for it
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001  its name for it
    }
)
"""Answers that say for sure that the cluster does not have the record. After any other it may have it."""

_UNSURE = (
    "Kafka did not confirm that it has {count} of the records. `provisioner dead-letters list` shows these letters as replayed; send them "
    "again with --again: an event that arrives twice acts once."
)


class Producer(Protocol):
    """`confluent_kafka.Producer`, as far as replays use it."""

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        *,
        headers: NewHeaders,
        on_delivery: Delivered,
    ) -> None: ...
    def flush(self, timeout: float) -> int: ...


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A letter that is to be sent in again."""

    concerned: Concerned
    original: OriginalRecord


class LetterSender:
    """Blocking. What is begun is in the ledger before it is sent, so that a crash leaves no replay that no one knows of."""

    def __init__(self, producer: Producer, run: ReplayRun, *, timeout: float = 30.0) -> None:
        self._producer = producer
        self._run = run
        self._timeout = timeout
        self._reports: dict[Letter, KafkaError | None] = {}

    def send(self, page: Sequence[Outgoing]) -> frozenset[Letter]:
        """Sends these, and returns those that the cluster has: all but those that were replayed before, unless the run is `again`.

        Raises `Stop` where the cluster refuses a record, and `Unavailable` where it does not answer. Those that it took are noted.
        """
        begun = self._run.begin([one.concerned for one in page])
        self._reports = {}
        for one in page:
            if one.concerned.letter in begun:
                self._produce(one)
        self._producer.flush(self._timeout)
        sent = {letter: number for letter, number in begun.items() if self._reports.get(letter, _PENDING) is None}
        refused = {letter: error for letter, error in self._reports.items() if error and error.code() in _REFUSED}
        self._run.sent(sent)
        self._run.not_sent({letter: begun[letter] for letter in refused})
        for error in refused.values():
            raise Stop(_sentence(error))
        if unsure := len(begun) - len(sent):
            raise Unavailable(_UNSURE.format(count=unsure))
        return frozenset(sent)

    def _produce(self, one: Outgoing) -> None:
        letter, original = one.concerned.letter, one.original
        headers: NewHeaders = [*original.headers(), (REPLAYED_HEADER, f"{letter.partition}/{letter.offset}".encode())]
        try:
            self._producer.produce(
                original.topic(),
                original.value(),
                original.key(),
                original.partition(),
                headers=headers,
                on_delivery=partial(self._reported, letter),
            )
        except KafkaException as error:
            self._reported(letter, error.args[0], original)

    def _reported(self, letter: Letter, error: KafkaError | None, _record: Record) -> None:
        self._reports[letter] = error


_PENDING = KafkaError(KafkaError._TIMED_OUT)  # noqa: SLF001  its name for it


def _sentence(error: KafkaError) -> str:
    advice: Mapping[int, str] = {
        KafkaError.TOPIC_AUTHORIZATION_FAILED: "Allow this user WRITE on the topic: the service itself does not need it.",
        KafkaError._UNKNOWN_PARTITION: "The topic has fewer partitions than it had: have the SIS send the event again.",  # noqa: SLF001
    }
    return f"Kafka does not take the record ({error.name()}). {advice.get(error.code(), 'Nothing was sent for it.')}"
