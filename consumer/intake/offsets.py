"""How far each partition is done, stored and committed.

done ──▶ stored in the ledger, with the batch or by `store` ──▶ committed ──▶ acknowledged by the group's coordinator

The group's committed offset is never above the ledger's next offset, which is stored first. So a ledger that is behind the group has lost
what it knew: it was restored, or a standby took over. One that is behind what it was given while we read has lost it meanwhile: every
write names the offsets that the ledger had, and is rejected then.
"""

from collections.abc import Collection, Mapping

import structlog
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.errors import Fenced, Unavailable
from consumer.failpoints import UNARMED, Failpoints, Point
from consumer.intake.port import Consumer
from consumer.kafka import answer_lost, is_fatal
from consumer.ledger.port.inbox import FROM_BEGINNING, Inbox, Ownership, Place

log = structlog.get_logger()


class Offsets:
    """Of the partitions that are ours in the ledger. Runs on the intake's thread."""

    def __init__(self, inbox: Inbox, *, failpoints: Failpoints = UNARMED) -> None:
        self._inbox = inbox
        self._failpoints = failpoints
        self._done: dict[Place, int] = {}
        self._held_back: Mapping[Place, int] = {}
        self._stored: dict[Place, int] = {}
        self._acknowledged: dict[Place, int] = {}
        self._uncommitted: set[Place] = set()
        self._finished = False
        self._epochs: dict[Place, int] = {}
        self.fatal: KafkaError | None = None
        """Why a commit found that the consumer cannot continue."""

    @property
    def reached(self) -> Mapping[Place, int]:
        """Partitions of which something is done, and the offsets up to which."""
        return self._done

    @property
    def epochs(self) -> Mapping[Place, int]:
        """Of our partitions: the ledger accepts writes under no other."""
        return self._epochs

    @property
    def in_ledger(self) -> Mapping[Place, int]:
        """Next offsets of our partitions that the ledger has, for all we know."""
        return self._stored

    def own(self, place: Place, ownership: Ownership) -> None:
        """The partition is ours, under this epoch, until it is forgotten."""
        self._epochs[place] = ownership.epoch
        if ownership.next_offset is not None:
            self._stored[place] = ownership.next_offset

    def done(self, offsets: Mapping[Place, int]) -> None:
        """Everything before these offsets is durable, acknowledged or meaningless, but for what is held back."""
        ours = {place: offset for place, offset in offsets.items() if place in self._epochs}
        self._done.update(ours)
        self._uncommitted |= ours.keys()

    def hold_back(self, offsets: Mapping[Place, int]) -> None:
        """From these offsets on nothing is committed, whatever is done behind them."""
        changed = {
            place
            for place in self._held_back.keys() | offsets.keys()
            if self._held_back.get(place) != offsets.get(place)
        }
        self._held_back = dict(offsets)
        self._uncommitted |= changed & self._done.keys()

    def stored(self, offsets: Mapping[Place, int]) -> None:
        """The ledger has these."""
        self._stored.update({place: offset for place, offset in offsets.items() if place in self._epochs})

    def store(self, *, again: bool = False) -> None:
        """Gives the ledger the offsets that it lacks. Raises `Unavailable`, `Fenced`.

        `again`: all of them, to find out whether the ledger has lost any.
        """
        offsets = dict(self._stored) if again else dict[Place, int]()
        offsets |= {
            place: at for place in self._uncommitted if self._stored.get(place) != (at := self._committable(place))
        }
        if offsets:
            self._inbox.store_offsets(offsets, epochs=self._epochs, stored=self._stored)
            self._stored.update(offsets)

    def commit(self, consumer: Consumer, *, again: bool = False) -> None:
        """Commits what is done since the last commit, as far as the ledger has it. The answer comes later, or never.

        `again`: everything, because a response may never arrive.
        """
        places = set(self._done) if again else set(self._uncommitted)
        if self._commit(consumer, places, asynchronous=True):
            self._uncommitted = {
                place for place in self._uncommitted if self._stored.get(place) != self._committable(place)
            }

    def settle(self, consumer: Consumer, places: Collection[Place]) -> None:
        """Commits what is done of these partitions, which are given back, and waits for the answer.

        What was acknowledged is not committed again: where a rebalance waits for another member, so does the answer.
        """
        if self._finished:
            return
        try:
            self.store()
        except (Unavailable, Fenced) as fault:
            log.warning("offsets_not_stored", why=str(fault))  # nor committed: they are read again
        self._commit(consumer, {place for place in places if self._owed(place)}, asynchronous=False)

    def finish(self, consumer: Consumer) -> None:
        """Settles all partitions, for the last time: see `Membership.leave`."""
        self.settle(consumer, set(self._done))
        self._finished = True

    def answered(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """What became of an asynchronous commit. The group's coordinator refuses it while members come and go: the next one repeats it."""
        refused = {place_at(at): refusal for at in partitions if (refusal := error or at.error) is not None}
        known = self._done.keys() - refused.keys()
        self._acknowledged.update({place_at(at): at.offset for at in partitions if place_at(at) in known})
        if refused:
            log.warning(
                "offset_commit_failed", error=", ".join(sorted({refusal.name() for refusal in refused.values()}))
            )
            self._uncommitted |= refused.keys() & self._done.keys()
            self._note(next(iter(refused.values())))

    def forget(self, places: Collection[Place]) -> None:
        """They are no longer ours."""
        self._uncommitted.difference_update(places)
        for known in (self._done, self._stored, self._acknowledged, self._epochs):
            for place in places:
                known.pop(place, None)

    def _committable(self, place: Place) -> int:
        done = self._done[place]
        return min(done, self._held_back.get(place, done))

    def _owed(self, place: Place) -> bool:
        return place in self._done and self._acknowledged.get(place) != self._committable(place)

    def _commit(self, consumer: Consumer, places: Collection[Place], *, asynchronous: bool) -> bool:
        offsets = [
            TopicPartition(*place, min(self._committable(place), self._stored[place]))
            for place in places
            if self._stored.get(place, FROM_BEGINNING) != FROM_BEGINNING
        ]
        if not offsets:
            return True
        try:
            consumer.commit(offsets=offsets, asynchronous=asynchronous)
            self._failpoints.reach(Point.OFFSETS_COMMITTED, lost=answer_lost())
        except KafkaException as error:
            # What is not committed is read again, and found to be a duplicate.
            log.warning("offset_commit_failed", error=error.args[0].name())
            self._note(error.args[0])
            return False
        return True

    def _note(self, error: KafkaError) -> None:
        if is_fatal(error):
            self.fatal = error


def place_at(partition: TopicPartition) -> Place:
    """Where it is, without the offset."""
    return partition.topic, partition.partition
