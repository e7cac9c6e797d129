"""Bugs between the topic and the inbox."""

import asyncio
import random
from collections.abc import Collection, Mapping, Sequence
from contextvars import Context
from dataclasses import replace
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from consumer.codec.dead_letters import NewHeaders
from consumer.intake import port
from consumer.intake.in_flight import place_of
from consumer.kafka import is_fatal
from consumer.ledger.port.inbox import Arrival, Disposition, Inbox, Ownership, Place
from consumer.ledger.port.parking import ParkedPage, ParkedRecord
from proof.simulation.clients import SimulatedClients
from proof.simulation.database import Database
from proof.simulation.ledger import SimulatedInbox
from proof.simulation.process import Process
from proof.simulation.threads import sleep
from testbed.fakes.ledger.state import InboxRow, who


class _Around:
    """A consumer in all that its bug leaves as it is."""

    def __init__(self, real: port.Consumer) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Early(_Around):
    """Commits what it hands out, as with `enable.auto.commit`."""

    def consume(self, num_messages: int, timeout: float) -> Sequence[port.Record]:
        records = self._real.consume(num_messages, timeout)
        read = {place_of(record): (record.offset() or 0) + 1 for record in records}
        if read:
            self._real.commit(
                offsets=[TopicPartition(*place, offset) for place, offset in read.items()], asynchronous=True
            )
        return records


class CommitsOffsetsFirst(SimulatedClients):
    """Offsets are committed before what they stand for is durable."""

    def consumer(self, answered: port.Answered) -> port.Consumer:
        return cast("port.Consumer", _Early(super().consumer(answered)))


class TrustsTheGroup(Database):
    """No bug, but where an offset that was committed too early shows: the ledger's own would go before it."""

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, Ownership]:
        owned = super().own(topic, partitions, owner=owner)
        return {partition: replace(known, next_offset=None) for partition, known in owned.items()}


class _Deaf(_Around):
    """Misses fatal errors: it looks at a flag which errors of `consume` and `commit` do not bear."""

    def consume(self, num_messages: int, timeout: float) -> Sequence[port.Record]:
        records = self._real.consume(num_messages, timeout)
        return [record for record in records if (error := record.error()) is None or not is_fatal(error)]

    def commit(self, *, offsets: list[TopicPartition], asynchronous: bool) -> None:
        try:
            self._real.commit(offsets=offsets, asynchronous=asynchronous)
        except KafkaException as error:
            if not is_fatal(error.args[0]):
                raise


class LivesOnWithAFatalConsumer(SimulatedClients):
    """A consumer that was fenced is asked again and again for what it will never give."""

    def consumer(self, answered: port.Answered) -> port.Consumer:
        def unless_fatal(error: KafkaError | None, partitions: list[TopicPartition]) -> None:
            if error is None or not is_fatal(error):
                answered(error, partitions)

        return cast("port.Consumer", _Deaf(super().consumer(unless_fatal)))


class KnowsNoEventId(Database):
    """The inbox takes every event as a new one."""

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[Place, int], **more: Any) -> Sequence[Disposition]:
        for arrival in arrivals:
            self._state.inbox.pop((arrival.event.tenant_id, arrival.event.event_id), None)
        return super().accept(arrivals, epochs=epochs, **more)


class TakesOlderVersions(Database):
    """Whatever comes last is what is wanted, whichever version it is."""

    def _accept(self, arrival: Arrival, newest: int) -> Disposition:
        event = (arrival.event.tenant_id, arrival.event.event_id)
        if event in self._state.inbox:
            return super()._accept(arrival, newest)
        row = InboxRow(arrival, Disposition.PENDING)
        self._state.inbox[event] = row
        self._desire(row, self._state.students.get(who(arrival)))
        return row.disposition


class TakesTheSameVersionAgain(Database):
    """`>=` for `>`: an event that bears the version which is wanted already is wanted anew."""

    def _accept(self, arrival: Arrival, newest: int) -> Disposition:
        student = self._state.students.get(who(arrival))
        event = (arrival.event.tenant_id, arrival.event.event_id)
        if event in self._state.inbox or student is None or student.desired_version != arrival.event.version:
            return super()._accept(arrival, newest)
        row = InboxRow(arrival, Disposition.PENDING)
        self._state.inbox[event] = row
        self._desire(row, student)
        return row.disposition


class SkipsWithoutCancelling(Database):
    """An event that asks for nothing is skipped, whatever older one is still being worked at."""

    def _cancel(self, arrival: Arrival, *, newest: bool) -> Disposition:
        del arrival, newest
        return Disposition.SKIPPED


class ForgetsParked(Database):
    """A record of an unknown tenant passes as parked, and is kept nowhere."""

    def _park(self, record: ParkedRecord, most: int) -> Disposition:
        del record, most
        return Disposition.PARKED


class ReleasesTooEarly(Database):
    """Parked records are gone as soon as they were found, before anything has become of them."""

    def parked(self, **more: Any) -> ParkedPage:
        page = super().parked(**more)
        for record in page.records:
            del self._state.parked[record.origin]
        return page


class IgnoresPartitionEpochs(Database):
    """A consumer that has lost a partition still accepts what it has read there."""

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[Place, int], **more: Any) -> Sequence[Disposition]:
        theirs, self._state.owners = self._state.owners, dict(epochs)
        try:
            return super().accept(arrivals, epochs=epochs, **more)
        finally:
            self._state.owners = theirs


class TrustsAStandby(Database):
    """What the ledger was known to have is not held against what it has."""

    def accept(
        self, arrivals: Sequence[Arrival], *, stored: Mapping[Place, int] | None = None, **more: Any
    ) -> Sequence[Disposition]:
        del stored
        return super().accept(arrivals, **more)

    def store_offsets(
        self, offsets: Mapping[Place, int], *, stored: Mapping[Place, int] | None = None, **more: Any
    ) -> None:
        del stored
        super().store_offsets(offsets, **more)


class _Dawdling(SimulatedInbox):
    """Stands still, with all of its process, between reading and accepting."""

    def __init__(self, database: Database, process: Process, rng: random.Random) -> None:
        super().__init__(database, process)
        self._process = process
        self._rng = rng

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[Place, int], **more: Any) -> Sequence[Disposition]:
        self._process.freeze()
        seconds = self._rng.choice((5.0, 20.0, 60.0, 90.0))
        asyncio.get_running_loop().call_later(seconds, self._process.thaw, context=Context())
        sleep(0)
        return super().accept(arrivals, epochs=epochs, **more)


class DawdlesBeforeAccepting(SimulatedClients):
    """No bug, but where a missing fence shows."""

    def inbox(self) -> Inbox:
        return _Dawdling(self._around.database, self._process, self._rng)


class _Headless:
    """A producer that forgets the record's own headers."""

    def __init__(self, real: port.Producer) -> None:
        self._real = real

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        headers: NewHeaders,
        on_delivery: port.Delivered,
    ) -> None:
        ours = [header for header in headers if header[0] != "source"]
        self._real.produce(topic, value, key, headers=ours, on_delivery=on_delivery)

    def flush(self, timeout: float) -> int:
        return self._real.flush(timeout)


class DropsHeaders(SimulatedClients):
    """Dead letters lack what the record's headers said."""

    def dead_letter_producer(self) -> port.Producer:
        return _Headless(super().dead_letter_producer())


class _Hasty(_Headless):
    """A producer that is not waited for: it reports before the cluster has anything."""

    def produce(self, topic: str, value: bytes | None = None, key: bytes | None = None, **more: Any) -> None:
        report: port.Delivered = more["on_delivery"]
        self._real.produce(topic, value, key, headers=more["headers"], on_delivery=lambda _error, _record: None)
        report(None, _NOTHING)

    def flush(self, timeout: float) -> int:
        del timeout
        return 0


class _Nothing:
    def error(self) -> None: ...
    def topic(self) -> None: ...
    def partition(self) -> None: ...
    def offset(self) -> None: ...
    def key(self) -> None: ...
    def value(self) -> None: ...
    def timestamp(self) -> tuple[int, int]:
        return 0, -1

    def headers(self) -> None: ...


_NOTHING = _Nothing()


class TrustsLettersUnseen(SimulatedClients):
    """A dead letter's offset passes before the cluster has acknowledged it."""

    def dead_letter_producer(self) -> port.Producer:
        return _Hasty(super().dead_letter_producer())
