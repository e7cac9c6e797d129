"""The ledger's ports, each for one process, over the simulated database."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from consumer.errors import Unavailable
from consumer.events import Provider
from consumer.ledger.port.inbox import Arrival, Disposition, Ownership, Place
from consumer.ledger.port.outbox import Landmark, OnTopic, OutboxBatch
from consumer.ledger.port.parking import UNCHANGED, Origin, ParkedPage, ParkingWrites
from consumer.ledger.port.student import Job, Lease
from consumer.ledger.port.work import Due, Room
from consumer.ledger.port.writes import Write
from consumer.pacing.limit import Limit, Portion, Want
from proof.simulation.database import Database
from proof.simulation.process import Process
from proof.simulation.threads import wait_for
from proof.simulation.wire import at_once

T = TypeVar("T")


class SimulatedWork:
    """Keeps `Work` for one process."""

    def __init__(self, database: Database, process: Process) -> None:
        self._database = database
        self._process = process

    async def due(self, since: datetime | None) -> Due:
        return await self._do("looks", lambda: at_once(self._database.due(since)))

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        return await self._do("claims", lambda: at_once(self._database.claim(room, lease=lease, worker=worker)))

    async def reserve(self, lease: Lease, providers: Sequence[Provider], candidates: Sequence[str]) -> str | None:
        return await self._do("reserves", lambda: at_once(self._database.reserve(lease, providers, candidates)))

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        what = "commits " + " ".join(_named(write) for write in writes)
        await self._do(what, lambda: at_once(self._database.commit(lease, writes, service=service)))

    async def _do(self, what: str, deed: Callable[[], T]) -> T:
        return await self._database.reach(self._process, what, deed)


class SimulatedQuotas:
    """Keeps `Quotas` for one process."""

    def __init__(self, database: Database, process: Process) -> None:
        self._database = database
        self._process = process

    async def take(self, want: Want) -> Portion:
        what = f"takes {want.tokens} {want.limit.name}"
        return await self._database.reach(self._process, what, lambda: at_once(self._database.take(want)))

    async def slow_down(self, limit: Limit) -> None:
        what = f"slows {limit.name}"
        await self._database.reach(self._process, what, lambda: at_once(self._database.slow_down(limit)))


class _Blocking:
    def __init__(self, database: Database, process: Process) -> None:
        self._database = database
        self._process = process

    def _do(self, what: str, deed: Callable[[], T]) -> T:
        return wait_for(self._database.reach(self._process, what, deed))


class SimulatedInbox(_Blocking):
    """Keeps `Inbox` for one process."""

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        places = sorted(partitions)
        return self._do(f"owns {places}", lambda: self._database.own(topic, places, owner=owner))

    def accept(
        self,
        arrivals: Sequence[Arrival],
        *,
        epochs: Mapping[Place, int],
        offsets: Mapping[Place, int] | None = None,
        stored: Mapping[Place, int] | None = None,
        skip_locked: bool = False,
        parking: ParkingWrites = UNCHANGED,
    ) -> Sequence[Disposition]:
        about = {"epochs": dict(epochs), "offsets": dict(offsets or {}), "stored": dict(stored or {})}
        return self._do(
            f"accepts {len(arrivals)}, parks {len(parking.park)}, releases {len(parking.release)}",
            lambda: self._database.accept(arrivals, **about, skip_locked=skip_locked, parking=parking),
        )

    def parked(
        self,
        *,
        tenants: Collection[str],
        keep: float,
        after: Origin,
        limit: int,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> ParkedPage:
        known, about = frozenset(tenants), {"epochs": dict(epochs), "stored": dict(stored or {})}
        return self._do(
            "looks for parked records",
            lambda: self._database.parked(tenants=known, keep=keep, after=after, limit=limit, **about),
        )

    def store_offsets(
        self,
        offsets: Mapping[Place, int],
        *,
        epochs: Mapping[Place, int],
        stored: Mapping[Place, int] | None = None,
    ) -> None:
        new, about = dict(offsets), {"epochs": dict(epochs), "stored": dict(stored or {})}
        self._do("stores offsets", lambda: self._database.store_offsets(new, **about))

    def tenants_with_open_work(self, tenants: Collection[str]) -> frozenset[str]:
        return self._do("looks for open work", lambda: self._database.tenants_with_open_work(tenants))


class SimulatedOutbox(_Blocking):
    """Keeps `Outbox` for one process."""

    def take_over(self, relay: str) -> int:
        return self._do("takes over", lambda: self._database.take_over(relay))

    def newest(self, relay: str, epoch: int) -> int:
        return self._do("looks for the newest", lambda: self._database.newest(relay, epoch))

    def unpublished(self, relay: str, epoch: int) -> Sequence[OutboxBatch]:
        return self._do("looks for unpublished", lambda: self._database.unpublished(relay, epoch))

    def next_batch(self, relay: str, epoch: int, *, limit: int, after: int = 0) -> OutboxBatch | None:
        return self._do("numbers", lambda: self._database.next_batch(relay, epoch, limit=limit, after=after))

    def published(self, relay: str, epoch: int, number: int) -> None:
        self._do(f"marks {number}", lambda: self._database.published(relay, epoch, number))

    def landmark(self, relay: str, epoch: int) -> Landmark | None:
        return self._do("looks for the landmark", lambda: self._database.landmark(relay, epoch))

    def recall(self, relay: str, epoch: int, outcomes: Sequence[OnTopic]) -> int:
        what = f"recalls {len(outcomes)}"
        return self._do(what, lambda: self._database.recall(relay, epoch, outcomes))

    def resume(self, relay: str, epoch: int, number: int) -> None:
        self._do(f"resumes at {number}", lambda: self._database.resume(relay, epoch, number))

    def waiting_seconds(self) -> float:
        return self._do("looks at the age", self._database.waiting_seconds)


class SimulatedRetention(_Blocking):
    """Keeps `Retention` for one process: all of a kind is one page."""

    def expired_credentials(self) -> Iterator[int]:
        yield self._do("forgets credentials", lambda: sum(self._database.expired_credentials()))

    def published_outcomes(self, *, keep: float) -> Iterator[int]:
        yield self._do("forgets outcomes", lambda: sum(self._database.published_outcomes(keep=keep)))

    def recalled_outcomes(self, *, keep: float) -> Iterator[int]:
        yield self._do("forgets recalled", lambda: sum(self._database.recalled_outcomes(keep=keep)))

    def settled_events(self, *, keep: float) -> Iterator[int]:
        yield self._do("forgets events", lambda: sum(self._database.settled_events(keep=keep)))

    def old_attempts(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        yield self._do("forgets attempts", lambda: sum(self._database.old_attempts(keep=keep, others=others)))

    def retired_addresses(self, *, keep: Mapping[str, float], others: float) -> Iterator[int]:
        yield self._do("frees addresses", lambda: sum(self._database.retired_addresses(keep=keep, others=others)))

    def decided_actions(self, *, keep: float) -> Iterator[int]:
        yield self._do("forgets decisions", lambda: sum(self._database.decided_actions(keep=keep)))

    def ended_waits(self, *, keep: float) -> Iterator[int]:
        yield self._do("forgets waits", lambda: sum(self._database.ended_waits(keep=keep)))


class SimulatedLeadership(_Blocking):
    """Keeps `Leadership` for one process."""

    def __init__(self, database: Database, process: Process, loop: str) -> None:
        super().__init__(database, process)
        self._loop = loop

    def held(self) -> bool:
        try:
            return self._do("leads?", lambda: self._database.leads(self._loop, self._process))
        except Unavailable:
            return False

    def resign(self) -> None:
        """The connection ends."""
        self._database.resign(self._loop, self._process)


def _named(write: Write) -> str:
    name, state = getattr(write, "name", ""), getattr(write, "state", "")
    return ":".join(filter(None, (type(write).__name__, name, state)))
