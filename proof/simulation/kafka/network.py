"""The way to the cluster and back: latencies, outages, requests and answers that get lost.

request ──▶ lands at once ──▶ answer, after a latency
   │
   ├── cluster or leader away: waits until it is back, or for its time to run out
   └── lost, by order: lands never, or late; after a while the client asks again
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Protocol, TypeVar

from confluent_kafka import KafkaError, KafkaException

from proof.simulation.clock import Clock
from proof.simulation.kafka.topic import Place
from proof.simulation.threads import Killed, sleep, wait_for

T = TypeVar("T")

Answer = Callable[[KafkaError | None], None]
"""Takes a request's answer: it was done, or why not."""


class Process(Protocol):
    """Whose client it is."""

    @property
    def name(self) -> str: ...
    @property
    def alive(self) -> bool: ...
    @property
    def frozen(self) -> bool: ...


class Request(StrEnum):
    """What can get lost."""

    OFFSETS = "offset commit"
    LOOK_UP = "look-up of offsets"
    PRODUCE = "produce"
    BEGIN = "init transactions"
    END = "end transaction"


@dataclass(frozen=True, slots=True)
class _Loss:
    lands_after: float | None
    noticed_after: float


class Network:
    """Between all clients and the cluster. What it is ordered to do, it does to the next request of the kind."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self.clock = clock
        self.latency: Callable[[], float] = lambda: rng.uniform(0.0005, 0.005)
        """Seconds, of one round trip."""
        self.back_at = 0.0
        """When the whole cluster is, or was last, back from an outage."""
        self._leader_back_at: dict[Place, float] = {}
        self._context = copy_context()
        self._losses: defaultdict[Request, deque[_Loss]] = defaultdict(deque)

    def outage(self, seconds: float) -> None:
        """No broker answers for so long, from now on."""
        self.back_at = max(self.back_at, self.clock.time() + seconds)

    def leader_away(self, place: Place, seconds: float) -> None:
        """The partition has no leader for so long, from now on."""
        self._leader_back_at[place] = self.clock.time() + seconds

    def lose(self, request: Request, *, lands_after: float | None, noticed_after: float) -> None:
        self._losses[request].append(_Loss(lands_after, noticed_after))

    def away(self, place: Place | None = None) -> float:
        """Seconds until the cluster answers; with a place, until its leader does."""
        back_at = self.back_at
        if place is not None:
            back_at = max(back_at, self._leader_back_at.get(place, 0.0))
        return max(0.0, back_at - self.clock.time())

    def call(
        self,
        process: Process,
        effect: Callable[[], T],
        *,
        timeout: float,
        request: Request | None = None,
        place: Place | None = None,
    ) -> T:
        """What `effect` returns or raises, when the answer is there. Blocks; asks again until then.

        Raises `KafkaException`, one that is retriable, where `timeout` seconds are over before: it may have happened or not, or will.
        """
        until = self.clock.time() + timeout
        while True:
            self.living(process)
            self._wait(process, self.away(place), until)
            loss = self._loss(request)
            if loss is None:
                return self._answered(process, effect)
            self._late(effect, loss.lands_after)
            self._wait(process, loss.noticed_after, until)

    def send(self, effect: Callable[[], object], *, request: Request, answered: Answer) -> None:
        """A request without a waiting caller: `answered` gets the answer, should it come. Does not block."""
        if self.away():
            return
        if loss := self._loss(request):
            self._late(effect, loss.lands_after)
        else:
            self._late(effect, self.latency(), answered)

    def lost(self, request: Request) -> float | None:
        """For a request that has no effect: seconds until its client notices that it gets no answer; None where it gets one."""
        loss = self._loss(request)
        return None if loss is None else loss.noticed_after

    def later(self, seconds: float, happens: Callable[[], object]) -> asyncio.TimerHandle:
        """Something that happens in the cluster, whatever becomes of the process that brought it about. Does not block."""
        return asyncio.get_running_loop().call_later(seconds, happens, context=self._context)

    def pause(self, process: Process) -> None:
        """Blocks for the time of a round trip."""
        self.living(process)
        sleep(self.latency())
        self.living(process)

    def living(self, process: Process) -> None:
        """Raises `Killed` where the process is dead."""
        if not process.alive:
            raise Killed

    def _answered(self, process: Process, effect: Callable[[], T]) -> T:
        """The effect comes first: a process that dies while it waits has done it."""
        try:
            return effect()
        finally:
            self.pause(process)

    def _wait(self, process: Process, seconds: float, until: float) -> None:
        left = until - self.clock.time()
        if seconds:
            sleep(min(seconds, max(0.0, left)))
            self.living(process)
        if seconds > left:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "No answer in time.", retriable=True))  # noqa: SLF001  its name

    def _loss(self, request: Request | None) -> _Loss | None:
        losses = self._losses.get(request) if request is not None else None
        return losses.popleft() if losses else None

    def _late(self, effect: Callable[[], object], after: float | None, answered: Answer = lambda _: None) -> None:
        if after is None:
            return

        def land() -> None:
            if self.away():
                return
            try:
                effect()
            except KafkaException as refused:
                answered(refused.args[0])
            else:
                answered(None)

        self.later(after, land)


class WakeSignal:
    """Wakes the one thread that waits for something new."""

    def __init__(self) -> None:
        self._waiting: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """Ends the wait, if there is one."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def wait(self, seconds: float) -> None:
        """Blocks until it rings, at most so long."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(seconds, self.ring)
        try:
            wait_for(self._waiting)
        finally:
            timer.cancel()
            self._waiting = None
