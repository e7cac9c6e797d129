"""The cluster: what a scenario lays out, orders to go wrong, and reads in the end; and the clients of its processes."""

from collections.abc import Collection, Mapping
from random import Random

from consumer.intake.port import Answered
from proof.simulation.clock import Clock
from proof.simulation.kafka.consumer import SimulatedConsumer
from proof.simulation.kafka.group import Group, Member
from proof.simulation.kafka.network import Network, Process, Request
from proof.simulation.kafka.producer import SimulatedProducer
from proof.simulation.kafka.progress import SimulatedProgress
from proof.simulation.kafka.published import SimulatedPublished
from proof.simulation.kafka.topic import Headers, Record, Topic, Topics
from proof.simulation.kafka.transactions import Coordinator, SimulatedTransactions


class Cluster:
    """One Kafka cluster. Everything random about it comes from `rng`, and in it only how long things take."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self.network = Network(clock, rng)
        self._rng = rng
        self._topics = Topics()
        self._groups: dict[str, Group] = {}
        self._coordinator = Coordinator(self.network)

    # What a scenario lays out and reads; at once, whatever the network is like.

    def create_topic(self, name: str, partitions: int) -> None:
        """A new one."""
        self._topics[name] = Topic(name, partitions)

    def grow_topic(self, name: str, partitions: int) -> None:
        """Adds partitions up to that number; groups share them out."""
        self._topics[name].grow(partitions)
        for group in self._groups.values():
            group.rebalance()

    def produce(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int | None = None,
    ) -> Record:
        """A record, there now."""
        log = self._topics[topic].log(key, -1 if partition is None else partition)
        return log.append(key, value, headers, now=self.network.clock.time())

    def forget_before(self, topic: str, partition: int, offset: int) -> None:
        """Deletes the partition's records before that offset, as retention does."""
        self._topics[topic].logs[partition].oldest = offset

    def records(self, topic: str) -> list[Record]:
        """All that were ever written and are kept, by partition and offset: those of open and aborted transactions too."""
        return [record for log in self._topics[topic].logs for record in log.records()]

    def read_committed(self, topic: str) -> list[Record]:
        """What a `read_committed` reader sees now, by partition and offset."""
        return [record for log in self._topics[topic].logs for record in log.read(log.oldest, log.end)[0]]

    def committed(self, group: str, topic: str) -> Mapping[int, int]:
        """The group's offsets, by partition."""
        offsets = self._group(group).committed
        return {partition: offset for (name, partition), offset in sorted(offsets.items()) if name == topic}

    # What it is ordered to do.

    def outage(self, seconds: float) -> None:
        """No broker answers for so long."""
        self.network.outage(seconds)

    def leader_away(self, topic: str, partition: int, seconds: float) -> None:
        """The partition has no leader for so long."""
        self.network.leader_away((topic, partition), seconds)

    def lose(self, request: Request, *, lands_after: float | None = 0.0, noticed_after: float = 1.0) -> None:
        """The next request of the kind gets no answer; its client asks again after `noticed_after` seconds, if it waits so long.

        It lands all the same, after `lands_after` seconds; with None, it never does. librdkafka asks again after its `retry.backoff.ms`
        where the connection broke (0.08 s; the relay's producer 0.4 s), after `socket.timeout.ms` (60 s) where there was only silence.
        """
        self.network.lose(request, lands_after=lands_after, noticed_after=noticed_after)

    def fence(self, group: str, process: Process) -> None:
        """The process's member of the group fails for good, as one does whose instance id another process uses."""
        self._group(group).fence(process)

    # The clients.

    def consumer(
        self, process: Process, *, group: str, idle: float = 0.0, answered: Answered = lambda _, __: None
    ) -> SimulatedConsumer:
        """A member, from its first poll on; for `idle` and `answered` see there."""
        member = Member(process)
        return SimulatedConsumer(self.network, self._topics, self._group(group), member, idle=idle, answered=answered)

    def producer(self, process: Process, *, message_timeout: float = 300.0) -> SimulatedProducer:
        """An idempotent one; `message_timeout` is librdkafka's `message.timeout.ms`, in seconds."""
        return SimulatedProducer(self.network, self._topics, process, message_timeout=message_timeout)

    def transactional_producer(self, process: Process, transactional_id: str) -> SimulatedTransactions:
        """One that fences its predecessors of that name by `init_transactions`."""
        return SimulatedTransactions(self.network, self._topics, self._coordinator, process, transactional_id)

    def progress(self, process: Process, topic: str, relay: str) -> SimulatedProgress:
        """The relay's, as the topic has it."""
        return SimulatedProgress(self.network, self._topics, process, topic=topic, relay=relay)

    def published(self, process: Process, topics: Collection[str]) -> SimulatedPublished:
        """The outcomes on these topics."""
        return SimulatedPublished(self.network, self._topics, process, outcomes=topics)

    def _group(self, name: str) -> Group:
        if name not in self._groups:
            self._groups[name] = Group(self.network, self._topics, self._rng)
        return self._groups[name]
