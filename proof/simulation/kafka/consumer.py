"""A member's client, with `auto.offset.reset` set to `error`, as `tests/intake/test_consumer.py` knows it from librdkafka."""

from collections.abc import Iterable, Sequence
from functools import partial

from confluent_kafka import OFFSET_BEGINNING, OFFSET_INVALID, KafkaError, KafkaException, TopicPartition

from consumer.intake.port import Answered, Rebalanced
from proof.simulation.kafka.errors import commit_error, fatal_error
from proof.simulation.kafka.group import Group, Member
from proof.simulation.kafka.network import Network, Request
from proof.simulation.kafka.topic import Place, Record, Topics

_COMMIT_TIMEOUT = 60.0
_NOWHERE = -1
"""Where a group that never committed is: at no offset of any log."""
GIVEN_UP = "Failed to fetch committed offsets for partitions in group"
"""librdkafka's words, as they begin, for a look-up that failed while the assignment changed. Here every failure is one of that kind."""


class SimulatedConsumer:
    """Keeps `consumer.intake.port.Consumer`.

    What comes is returned at once; where nothing does, `consume` blocks for `idle` seconds if those are more than its timeout, to save
    the simulation turns. With a timeout of 0 it does not block.

    `answered` is called for asynchronous commits, unless their request or its answer was lost.

    One that was fenced tells it once, by an error, and reads and commits nothing any more.
    """

    def __init__(
        self, network: Network, topics: Topics, group: Group, member: Member, *, idle: float, answered: Answered
    ) -> None:
        self._network = network
        self._topics = topics
        self._group = group
        self._member = member
        self._idle = idle
        self._answered = answered
        self._answers: list[tuple[KafkaError | None, list[TopicPartition]]] = []
        self._callbacks: tuple[Rebalanced, Rebalanced, Rebalanced] | None = None
        self._assigned: set[Place] = set()
        self._paused: set[Place] = set()
        self._positions: dict[Place, int | None] = {}
        """Where each partition is read on; None: nowhere, until it is assigned anew."""
        self._troubles: list[Record] = []
        self._failed = False
        self._leaves = False

    def subscribe(
        self, topics: list[str], *, on_assign: Rebalanced, on_revoke: Rebalanced, on_lost: Rebalanced
    ) -> None:
        self._living()
        self._callbacks = (on_assign, on_revoke, on_lost)
        self._member.topics = topics
        for name in topics:
            self._topics[name].readers.append(self._member.wake_signal.ring)

    def unsubscribe(self) -> None:
        """The next `consume` calls back for what is given back."""
        self._living()
        self._leaves = True

    def consume(self, num_messages: int, timeout: float) -> Sequence[Record]:
        """What there is, the news of rebalances served after it was taken."""
        clock = self._network.clock
        until = clock.time() + (max(timeout, self._idle) if timeout else 0.0)
        while True:
            self._living()
            if self._leaves:
                self._leave()
                return []
            taken = self._attend()
            taken += self._read(num_messages)
            served = self._serve()
            self._tell()
            if taken or served:
                self._network.pause(self._member.process)
                return taken
            if clock.time() >= until:
                return taken
            self._member.wake_signal.wait(until - clock.time())

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        def ask() -> list[TopicPartition]:
            offsets = self._group.committed
            return [
                TopicPartition(p.topic, p.partition, offsets.get((p.topic, p.partition), OFFSET_INVALID))
                for p in sorted(partitions)
            ]

        return self._network.call(self._member.process, ask, timeout=timeout, request=Request.LOOK_UP)

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = 0.0, *, cached: bool = False
    ) -> tuple[int, int]:
        log = self._topics[partition.topic].logs[partition.partition]
        if cached:
            return log.oldest, log.stable
        return self._network.call(
            self._member.process, lambda: (log.oldest, log.stable), timeout=timeout, place=log.place
        )

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        self._living()
        self._positions |= {place: at.offset for place, at in sorted((_place(at), at) for at in partitions)}

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        self._living()
        for at in partitions:
            self._positions.pop(_place(at), None)

    def pause(self, partitions: list[TopicPartition]) -> None:
        self._living()
        self._paused.update(_place(at) for at in partitions)

    def resume(self, partitions: list[TopicPartition]) -> None:
        self._living()
        self._paused.difference_update(_place(at) for at in partitions)

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        self._living()
        if self._failed:
            self._refuse(offsets, asynchronous=asynchronous)
            return
        done = {_place(at): at.offset for at in offsets}
        effect = partial(self._group.commit, self._member, self._group.generation, done)
        if asynchronous:
            self._network.send(effect, request=Request.OFFSETS, answered=partial(self._hear, offsets))
        else:
            self._network.call(self._member.process, effect, timeout=_COMMIT_TIMEOUT, request=Request.OFFSETS)

    def close(self) -> None:
        """Leaves the group, which may take back what it gave at once; where the cluster is unreachable, it removes the member later."""
        self._living()
        self._leave()
        self._member.closed = True

    def _leave(self) -> None:
        self._attend(rejoin=False)
        if self._callbacks and self._assigned:
            self._let_go(self._callbacks[1], sorted(self._assigned))
        if self._member.joined and not self._network.away():
            self._group.leave(self._member)
        self._network.pause(self._member.process)

    def _attend(self, *, rejoin: bool = True) -> list[Record]:
        """A poll in the group's eyes: joins it, or finds out that it went on without us."""
        member, callbacks = self._member, self._callbacks
        if callbacks is None or self._failed:
            return []
        self._group.tend()
        member.polled = self._network.clock.time()
        if self._network.away():
            return []
        news: list[Record] = []
        if member.expelled is not None:
            if member.expelled == KafkaError._MAX_POLL_EXCEEDED:  # noqa: SLF001  its name for it
                news.append(Record(("", -1, -1), trouble=KafkaError(member.expelled)))
            if member.expelled == KafkaError.FENCED_INSTANCE_ID:
                news.append(Record(("", -1, -1), trouble=fatal_error(member.expelled)))
                self._failed = True
            member.expelled = None
            if self._assigned:
                self._let_go(callbacks[2], sorted(self._assigned))
            if self._failed:
                return news
        if rejoin and not member.joined:
            self._group.join(member)
        return news

    def _serve(self) -> bool:
        """Calls back for each of the group's news. Whether there were any."""
        member, callbacks = self._member, self._callbacks
        if callbacks is None or not member.news:
            return False
        on_assign, on_revoke, _ = callbacks
        while member.news:
            given, places = member.news.popleft()
            if given:
                self._assigned.update(places)
                on_assign(self, _partitions(places))
            else:
                self._let_go(on_revoke, places)
                if member.joined:  # the callback took time
                    self._group.handed_back(member, places)
        return True

    def _refuse(self, offsets: list[TopicPartition], *, asynchronous: bool) -> None:
        error = commit_error(KafkaError._FATAL)  # noqa: SLF001  its name for it
        if not asynchronous:
            raise KafkaException(error)
        self._hear(offsets, error)

    def _hear(self, offsets: list[TopicPartition], error: KafkaError | None) -> None:
        self._answers.append((error, offsets))

    def _tell(self) -> None:
        answers, self._answers = self._answers, []
        for error, offsets in answers:
            self._answered(error, offsets)

    def _let_go(self, callback: Rebalanced, places: Sequence[Place]) -> None:
        callback(self, _partitions(places))
        self._assigned.difference_update(places)
        for place in places:
            self._positions.pop(place, None)

    def _read(self, most: int) -> list[Record]:
        taken, self._troubles = self._troubles, []
        self._look_up()
        for place, position in list(self._positions.items()):
            if position is not None and not self._network.away(place):
                taken += self._read_one(place, position, most - len(taken))
        return taken

    def _look_up(self) -> None:
        """Where to begin, of the group's coordinator: one request for all. Without an answer those partitions are not read."""
        asked = [place for place, position in self._positions.items() if position == OFFSET_INVALID]
        if not asked or self._network.away():
            return
        noticed_after = self._network.lost(Request.LOOK_UP)
        if noticed_after is None:
            self._positions |= {place: self._group.committed.get(place, _NOWHERE) for place in asked}
        else:
            self._positions |= dict.fromkeys(asked)
            self._network.later(noticed_after, self._give_up)

    def _give_up(self) -> None:
        error = KafkaError(KafkaError._TIMED_OUT, GIVEN_UP)  # noqa: SLF001  its name for it
        self._troubles.append(Record(("", -1, -1), trouble=error))
        self._member.wake_signal.ring()

    def _read_one(self, place: Place, position: int, most: int) -> list[Record]:
        log = self._topics[place[0]].logs[place[1]]
        if position == OFFSET_BEGINNING:
            position = log.oldest
        if position == _NOWHERE or (place not in self._paused and not log.oldest <= position <= log.end):
            self._positions[place] = None
            return [Record((*place, position), trouble=KafkaError(KafkaError._AUTO_OFFSET_RESET))]  # noqa: SLF001  its name for it
        if place in self._paused:
            return []
        records, self._positions[place] = log.read(position, most)
        return records

    def _living(self) -> None:
        self._network.living(self._member.process)


def _place(partition: TopicPartition) -> Place:
    return partition.topic, partition.partition


def _partitions(places: Iterable[Place]) -> list[TopicPartition]:
    return [TopicPartition(*place) for place in places]
