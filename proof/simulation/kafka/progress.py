"""What the relay's topic says of its progress, read as `consumer.outbound.progress.TopicProgress` reads it."""

from confluent_kafka import KafkaException

from consumer.errors import Stop, Unavailable
from consumer.outbound.progress import PARTITION
from proof.simulation.kafka.network import Network, Process
from proof.simulation.kafka.topic import Log, Topics

_TIMEOUT = 5.0


class SimulatedProgress:
    """Keeps `consumer.outbound.port.Progress`."""

    def __init__(self, network: Network, topics: Topics, process: Process, *, topic: str, relay: str) -> None:
        self._network = network
        self._topics = topics
        self._process = process
        self._topic = topic
        self._key = relay.encode()

    def read(self) -> int:
        if self._topic not in self._topics:
            raise Stop(f"There is no topic `{self._topic}`.")
        log = self._topics[self._topic].logs[PARTITION]
        try:
            return self._network.call(self._process, lambda: self._newest(log), timeout=_TIMEOUT, place=log.place)
        except KafkaException as error:
            raise Unavailable(f"The relay's progress can't be read ({error.args[0].name()}).") from error

    def _newest(self, log: Log) -> int:
        if log.stable < log.end:
            raise Unavailable("The relay's progress can't be read: another transaction is open on its topic.")
        records, _ = log.read(log.oldest, log.end)
        return next((int(value) for r in reversed(records) if r.key() == self._key and (value := r.value())), 0)
