"""Transactions: the coordinator, and a producer that knows no KIP-890, as librdkafka does not.

    init ─▶ epoch + 1, what was open is aborted ─▶ records, open ─▶ end ─▶ markers: committed or aborted
                                                        └── timeout: aborted, epoch + 1

A request to end names the producer's epoch, not the transaction: one that is late ends whatever is open then (the fault that Jepsen found).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from confluent_kafka import KafkaError, KafkaException

from proof.simulation.kafka.network import Network, Process, Request
from proof.simulation.kafka.topic import Headers, Log, Place, Topics

T = TypeVar("T")

TRANSACTION_TIMEOUT = 60.0
"""Seconds; librdkafka's default."""


@dataclass(slots=True, eq=False)
class _Known:
    """A `transactional.id`. `open`: the partitions that the transaction is known to be in; `ended`: how the last one did."""

    epoch: int = 0
    open: list[Log] = field(default_factory=list[Log])
    ended: bool | None = None
    timer: asyncio.TimerHandle | None = None


class Coordinator:
    """Raises `KafkaException`, a fatal one, for a producer whose epoch is over."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._known: dict[str, _Known] = {}

    def init(self, name: str) -> int:
        """A new epoch. An open transaction is aborted, and its producer is fenced."""
        known = self._known.setdefault(name, _Known())
        known.epoch += 1
        self._end(name, known, committed=False)
        known.ended = None
        return known.epoch

    def add(self, name: str, epoch: int, log: Log) -> None:
        """Adds this partition to the transaction, a new one where none is open."""
        known = self._in_force(name, epoch)
        if log not in known.open:
            known.open.append(log)
        if known.timer is None:
            self._watch(name, known, TRANSACTION_TIMEOUT)

    def append(self, name: str, epoch: int, log: Log, key: bytes, value: bytes, headers: Headers | None) -> None:
        """A record; the producer must have added the partition; that is not checked."""
        self._in_force(name, epoch)
        log.append(key, value, headers, now=self._network.clock.time(), writer=name)

    def end(self, name: str, epoch: int, *, committed: bool) -> None:
        """Ends what is open. Where nothing is, it is taken for a repetition of the last request if it asks for the same."""
        known = self._in_force(name, epoch)
        if not known.open and known.ended is not committed:
            raise KafkaException(KafkaError(KafkaError.INVALID_TXN_STATE))
        self._end(name, known, committed=committed)

    def _in_force(self, name: str, epoch: int) -> _Known:
        known = self._known[name]
        if epoch != known.epoch:
            raise KafkaException(KafkaError(KafkaError._FENCED, fatal=True))  # noqa: SLF001  its name for it
        return known

    def _end(self, name: str, known: _Known, *, committed: bool) -> None:
        for log in known.open:
            log.mark(name, committed=committed)
        known.open, known.ended = [], committed
        if known.timer is not None:
            known.timer.cancel()
            known.timer = None

    def _watch(self, name: str, known: _Known, seconds: float) -> None:
        known.timer = self._network.later(seconds, partial(self._time_out, name, known))

    def _time_out(self, name: str, known: _Known) -> None:
        if away := self._network.away():
            self._watch(name, known, away + 1.0)
        else:
            known.epoch += 1
            self._end(name, known, committed=False)


@dataclass(frozen=True, slots=True)
class _Unsent:
    log: Log
    key: bytes
    value: bytes
    headers: Headers | None


class SimulatedTransactions:
    """Keeps `consumer.outbound.port.TransactionalProducer`. Sends while a call waits; not in the background."""

    def __init__(
        self, network: Network, topics: Topics, coordinator: Coordinator, process: Process, transactional_id: str
    ) -> None:
        self._network = network
        self._topics = topics
        self._coordinator = coordinator
        self._process = process
        self._name = transactional_id
        self._epoch = 0
        self._in_transaction = False
        self._unsent: list[_Unsent] = []
        self._added: set[Log] = set()
        """Partitions that the transaction is in, as far as we know."""

    def init_transactions(self, timeout: float) -> None:
        until = self._network.clock.time() + timeout
        self._epoch = self._call(partial(self._coordinator.init, self._name), until, Request.BEGIN)

    def begin_transaction(self) -> None:
        self._network.living(self._process)
        if not self._epoch or self._in_transaction:
            raise KafkaException(KafkaError(KafkaError._STATE))  # noqa: SLF001  its name for it
        self._in_transaction = True

    def produce(
        self,
        topic: str,
        value: bytes,
        key: bytes,
        partition: int = -1,
        *,
        headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> None:
        self._network.living(self._process)
        if not self._in_transaction:
            raise KafkaException(KafkaError(KafkaError._STATE))  # noqa: SLF001  its name for it
        self._unsent.append(_Unsent(self._topics[topic].log(key, partition), key, value, headers))

    def poll(self, timeout: float) -> int:
        """There is nothing to serve: no delivery report was asked for."""
        del timeout
        self._network.pause(self._process)
        return 0

    def flush(self, timeout: float) -> int:
        """Sends what was produced; how much of it is unsent after `timeout` seconds."""
        until = self._network.clock.time() + timeout
        try:
            self._send(until)
        except KafkaException as error:
            if not error.args[0].retriable():
                raise
        return len(self._unsent)

    def commit_transaction(self, timeout: float) -> None:
        """Where it raises an error that is retriable, it may be called again, and continues."""
        until = self._network.clock.time() + timeout
        self._send(until)
        self._end(until, committed=True)

    def abort_transaction(self, timeout: float) -> None:
        """The same."""
        self.purge()
        self._end(self._network.clock.time() + timeout, committed=False)

    def purge(self) -> None:
        """Forgets what was not sent."""
        self._unsent = []

    def _send(self, until: float) -> None:
        """One request for each partition: all of its records or none."""
        while self._unsent:
            log = self._unsent[0].log
            self._call(partial(self._append, log), until, Request.PRODUCE, log.place)

    def _append(self, log: Log) -> None:
        """Those that landed are unsent no more, whether we hear of it or not: a producer that is idempotent may ask twice."""
        if log not in self._added:
            self._coordinator.add(self._name, self._epoch, log)
            self._added.add(log)
        for record in self._unsent:
            if record.log is log:
                self._coordinator.append(self._name, self._epoch, log, record.key, record.value, record.headers)
        self._unsent = [record for record in self._unsent if record.log is not log]

    def _end(self, until: float, *, committed: bool) -> None:
        if self._added:
            end = partial(self._coordinator.end, self._name, self._epoch, committed=committed)
            self._call(end, until, Request.END)
        self._added.clear()
        self._in_transaction = False

    def _call(self, effect: Callable[[], T], until: float, request: Request, place: Place | None = None) -> T:
        timeout = until - self._network.clock.time()
        return self._network.call(self._process, effect, timeout=timeout, request=request, place=place)
