"""Bugs between the topic and the inbox."""

from collections.abc import Mapping, Sequence
from typing import Any

from consumer.clients import Clients
from consumer.codec.letters import NewHeaders
from consumer.codec.registry import Schemas
from consumer.intake import port
from consumer.intake.batch import Batch
from consumer.intake.loop import Intake
from consumer.ledger.port import Arrival, Disposition
from proof.simulation.clients import SimulatedClients
from proof.simulation.database import Database
from proof.simulation.replica import SimulatedAssembly
from tests.fakes.ledger.state import InboxRow, who


class _Early(Intake):
    def _finish(self, batch: Batch) -> None:
        self._partitions.done(batch.offsets)
        self._partitions.commit(self._consumer, asynchronous=False)
        super()._finish(batch)


class CommitsOffsetsFirst(SimulatedAssembly):
    """Offsets are committed before what they stand for is durable."""

    def intake(self, clients: Clients, schemas: Schemas) -> Intake:
        intake = super().intake(clients, schemas)
        intake.__class__ = _Early
        return intake


class KnowsNoEventId(Database):
    """The inbox takes every event as a new one."""

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[tuple[str, int], int]) -> Sequence[Disposition]:
        for arrival in arrivals:
            self._state.inbox.pop((arrival.event.tenant_id, arrival.event.event_id), None)
        return super().accept(arrivals, epochs=epochs)


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

    def letters_producer(self) -> port.Producer:
        return _Headless(super().letters_producer())


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
    def headers(self) -> None: ...


_NOTHING = _Nothing()


class TrustsLettersUnseen(SimulatedClients):
    """A dead letter's offset passes before the cluster has acknowledged it."""

    def letters_producer(self) -> port.Producer:
        return _Hasty(super().letters_producer())
