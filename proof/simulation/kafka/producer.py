"""An idempotent producer: asks again until the cluster answers or the record's time is over, and what it asks twice is there once."""

from dataclasses import dataclass
from functools import partial

from confluent_kafka import KafkaError, KafkaException

from consumer.codec.dead_letters import NewHeaders
from consumer.intake.port import Delivered
from proof.simulation.kafka.network import Network, Process, Request
from proof.simulation.kafka.topic import Log, Record, Topics

LARGEST = 1_000_000
"""Bytes; librdkafka's default, just below the broker's."""


@dataclass(slots=True, eq=False)
class _Message:
    log: Log
    key: bytes | None
    value: bytes | None
    headers: NewHeaders
    on_delivery: Delivered
    over_at: float
    record: Record | None = None

    def size(self) -> int:
        texts = [self.key, self.value, *(text for header in self.headers for text in header)]
        return sum(len(text) for text in texts if text)


class SimulatedProducer:
    """Keeps `consumer.intake.port.Producer`. Sends while `flush` waits, and calls back in it; not in the background."""

    def __init__(self, network: Network, topics: Topics, process: Process, *, message_timeout: float) -> None:
        self._network = network
        self._topics = topics
        self._process = process
        self._message_timeout = message_timeout
        self._waiting: list[_Message] = []

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        headers: NewHeaders,
        on_delivery: Delivered,
    ) -> None:
        """Raises `KafkaException` where it is too large."""
        self._network.living(self._process)
        over_at = self._network.clock.time() + self._message_timeout
        message = _Message(self._topics[topic].log(key), key, value, headers, on_delivery, over_at)
        if message.size() > LARGEST:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        self._waiting.append(message)

    def flush(self, timeout: float) -> int:
        """How many are still on their way after `timeout` seconds."""
        until = self._network.clock.time() + timeout
        while self._waiting and self._send(self._waiting[0], until):
            del self._waiting[0]
        return len(self._waiting)

    def _send(self, message: _Message, until: float) -> bool:
        """Whether its result is known and reported."""
        clock, place = self._network.clock, message.log.place
        timeout = max(0.0, min(until, message.over_at) - clock.time())
        effect = partial(self._append, message)
        try:
            record = self._network.call(self._process, effect, timeout=timeout, request=Request.PRODUCE, place=place)
        except KafkaException:
            if clock.time() < message.over_at:
                return False
            error = KafkaError(KafkaError._MSG_TIMED_OUT)  # noqa: SLF001  its name for it
            message.on_delivery(error, Record((*place, -1), message.value, message.headers, message.key, error))
        else:
            message.on_delivery(None, record)
        return True

    def _append(self, message: _Message) -> Record:
        if message.record is None:
            message.record = message.log.append(
                message.key, message.value, message.headers, now=self._network.clock.time()
            )
        return message.record
