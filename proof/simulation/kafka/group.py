"""A consumer group, as its coordinator knows it: who is in it, who reads what, and the offsets.

    member joins, leaves, or is missed ──▶ a while later: settled ──▶ partitions without an owner are assigned
                  ▲                                        │
                  │ handed back                            └─▶ surplus partitions are revoked
                  └────────────────────────────────────────────────────────┘

Cooperative: a partition changes hands only when its owner has handed it back, or is no longer in the group.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from random import Random

from confluent_kafka import KafkaError, KafkaException

from proof.simulation.kafka.network import Network, Process, WakeSignal
from proof.simulation.kafka.topic import Place, Topics

SESSION_TIMEOUT, MAX_POLL_INTERVAL = 45.0, 300.0
"""Seconds; librdkafka's defaults, which are ours."""
_SHORTEST, _LONGEST = 0.05, 0.5
"""Seconds: what a rebalance takes."""


class Member:
    """One consumer in the group's eyes. `news` are its pending callbacks: partitions, and whether they are assigned or revoked."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.wake_signal = WakeSignal()
        self.topics: Sequence[str] = ()
        self.polled = 0.0
        self.missed_since: float | None = None
        self.joined = self.closed = False
        self.expelled: int | None = None
        """Why it is out, where it does not know yet: an error's code."""
        self.news: deque[tuple[bool, Sequence[Place]]] = deque()
        self.asked_back: set[Place] = set()

    @property
    def beats(self) -> bool:
        """Whether its heart does: in the background, while its process is neither dead nor stopped."""
        return self.process.alive and not self.process.frozen and not self.closed


class Group:
    """Members come with their first poll. One that dies is missed from another's next poll on, for as long as the session timeout."""

    def __init__(self, network: Network, topics: Topics, rng: Random) -> None:
        self.committed: dict[Place, int] = {}
        self.generation = 0
        self._network = network
        self._topics = topics
        self._rng = rng
        self._members: list[Member] = []
        self._owners: dict[Place, Member] = {}
        self._settling = False

    def join(self, member: Member) -> None:
        """Lets the member in; its partitions are assigned later."""
        member.joined, member.expelled, member.missed_since = True, None, None
        member.polled = self._network.clock.time()
        self._members.append(member)
        self.rebalance()

    def leave(self, member: Member) -> None:
        """Its partitions are free at once."""
        self._drop(member)

    def fence(self, process: Process) -> None:
        """Another member has taken the process's instance id, and left again: its next poll reports that it is fenced."""
        for member in [one for one in self._members if one.process is process]:
            self._expel(member, KafkaError.FENCED_INSTANCE_ID)
            member.wake_signal.ring()

    def handed_back(self, member: Member, places: Sequence[Place]) -> None:
        """The member reads these no more."""
        member.asked_back.difference_update(places)
        for place in places:
            if self._owners.get(place) is member:
                del self._owners[place]
        self.rebalance()

    def tend(self) -> None:
        """Expels those whose heartbeats are missed, or who have not polled, for too long. Each member's polls do this for all."""
        now, back_at = self._network.clock.time(), self._network.back_at
        if now < back_at:
            return
        for member in list(self._members):
            if member.missed_since is None and not member.beats:
                member.missed_since = now
            if member.missed_since is not None and now - max(member.missed_since, back_at) >= SESSION_TIMEOUT:
                self._expel(member, KafkaError.UNKNOWN_MEMBER_ID)
            elif member.beats:
                member.missed_since = None
                if now - member.polled >= MAX_POLL_INTERVAL:
                    self._expel(member, KafkaError._MAX_POLL_EXCEEDED)  # noqa: SLF001  its name for it

    def commit(self, member: Member, generation: int, offsets: Mapping[Place, int]) -> None:
        """Raises `KafkaException`: in a rebalance, after one, and where the member is not in the group, except while the group is empty."""
        if member.joined and self._settling:
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
        if member.joined and generation != self.generation:
            raise KafkaException(KafkaError(KafkaError.ILLEGAL_GENERATION))
        if not member.joined and (self._members or member.expelled is not None):
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_MEMBER_ID))
        self.committed.update(offsets)

    def rebalance(self) -> None:
        """Begins one, unless it has begun."""
        if self._settling:
            return
        self._settling = True
        self._network.later(self._rng.uniform(_SHORTEST, _LONGEST), self._settle)

    def _settle(self) -> None:
        if away := self._network.away():
            self._network.later(away + _SHORTEST, self._settle)
            return
        self._settling = False
        self.generation += 1
        for member, places in self._shares().items():
            mine = set(places)
            owned = [place for place, owner in self._owners.items() if owner is member]
            back = [place for place in owned if place not in mine and place not in member.asked_back]
            new = [place for place in places if place not in self._owners]
            if back:
                member.asked_back.update(back)
                member.news.append((False, sorted(back)))
            if new:
                self._owners.update(dict.fromkeys(new, member))
                member.news.append((True, new))
            member.wake_signal.ring()

    def _shares(self) -> Mapping[Member, Sequence[Place]]:
        """The partitions that each member should have: as even as can be, and as far as that goes those that it has."""
        if not self._members:
            return {}
        wanted = sorted({name for member in self._members for name in member.topics})
        places = [log.place for name in wanted for log in self._topics[name].logs]
        owned = {member: [p for p in places if self._owners.get(p) is member] for member in self._members}
        order = sorted(self._members, key=lambda member: -len(owned[member]))
        even, extra = divmod(len(places), len(order))
        room = {member: even + (index < extra) for index, member in enumerate(order)}
        shares = {member: owned[member][: room[member]] for member in order}
        kept = {place for share in shares.values() for place in share}
        free = (place for place in places if place not in kept)
        for member, share in shares.items():
            share.extend(islice(free, room[member] - len(share)))
        return shares

    def _expel(self, member: Member, why: int) -> None:
        member.expelled = why
        self._drop(member)

    def _drop(self, member: Member) -> None:
        member.joined = False
        member.news.clear()
        member.asked_back.clear()
        self._members.remove(member)
        self._owners = {place: owner for place, owner in self._owners.items() if owner is not member}
        self.rebalance()
