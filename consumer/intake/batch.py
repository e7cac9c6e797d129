"""From records to what must be done about them. Most do nothing: for them all the work is a look at two fields.

What may act, or depends on the student's attributes, is read in full and decided then.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple, Protocol

import structlog
from opentelemetry.trace import Span

from consumer.codec.dead_letters import DeadLetterReason, Headers, Unreadable
from consumer.codec.reader import Peek
from consumer.codec.wire import SchemaRef, schema_of
from consumer.errors import Unavailable
from consumer.events import Provider, ProviderAction, StudentStatusChanged
from consumer.intake.dead_letters import DeadLetter, refused
from consumer.intake.port import Record, origin_of
from consumer.kafka import UnreadableHeaders, headers_of
from consumer.ledger.port.inbox import Arrival, Place
from consumer.ledger.port.parking import Origin, ParkedRecord
from consumer.observe import tracing
from consumer.observe.log_context import about_record
from consumer.observe.trace_context import traceparent_of
from consumer.policy.decision import Act, DecisionTable, Refusal, Refuse, Skip, SkipReason

log = structlog.get_logger()

_Asked = dict[SchemaRef, Unreadable | Unavailable]

_LARGEST_PARKED = 65_536
"""Bytes. An event has one or two thousand; with the limit on their number, this bounds what parked records take in the ledger."""


class Reader(Protocol):
    """`consumer.codec.reader.EventReader`."""

    def peek(self, value: bytes | None, headers: Headers | None) -> Peek: ...
    def read(self, value: bytes | None, headers: Headers | None) -> StudentStatusChanged: ...


class Taken(NamedTuple):
    """An event for the ledger, and its record. `skip`: as what it counts where it was to cancel work and there was none. `span` ends when
    the ledger has it.
    """

    arrival: Arrival
    record: Record
    skip: SkipReason | None = None
    span: Span | None = None

    @property
    def place(self) -> Place:
        """Where it came from."""
        return self.arrival.topic, self.arrival.partition


class Source(Enum):
    """Where a batch's records waited before."""

    KAFKA = auto()
    LOCKED = auto()
    PARKED = auto()


@dataclass(slots=True)
class IntakeBatch:
    """What a few hundred records come to. `arrivals` and `letters` shrink as they are dealt with; `offsets` are the next to read.

    `unknown` are records of unknown tenants. `waiting` are the records whose schema can't be looked up now, and whatever follows them in
    their partitions. `locked` are the arrivals whose students' rows are locked. `parked` are the records that are to leave the parking.
    `began`: when its decoding began, by the intake's clock. `written`: when Kafka got its records, as far as they say, in milliseconds
    since 1970.
    """

    size: int
    skips: Counter[tuple[str, str]]
    arrivals: list[Taken]
    dead_letters: list[DeadLetter]
    waiting: list[Record]
    unknown: list[ParkedRecord] = field(default_factory=list[ParkedRecord])
    locked: list[Taken] = field(default_factory=list[Taken])
    parked: set[Origin] = field(default_factory=set[Origin])
    source: Source = Source.KAFKA
    offsets: dict[Place, int] = field(default_factory=dict[Place, int])
    began: float = 0.0
    written: list[int] = field(default_factory=list[int])

    @property
    def has_writes(self) -> bool:
        """Whether any of it goes to the ledger."""
        return bool(self.arrivals or self.unknown)

    def drop(self, places: Collection[Place]) -> None:
        """Forgets what came from partitions that are no longer ours; their next owner reads it again."""
        self.arrivals = [one for one in self.arrivals if one.place not in places]
        self.locked = [one for one in self.locked if one.place not in places]
        self.dead_letters = [dead_letter for dead_letter in self.dead_letters if dead_letter.place[:2] not in places]
        self.unknown = [one for one in self.unknown if one.origin[:2] not in places]
        self.parked = {origin for origin in self.parked if origin[:2] not in places}
        for place in places:
            self.offsets.pop(place, None)


class BatchReader:
    """Reads and decides, by the newest of `decisions` that `follow` has taken over."""

    def __init__(self, reader: Reader, decisions: Callable[[], DecisionTable]) -> None:
        self._reader = reader
        self._current = decisions
        self.decisions = decisions()

    def follow(self) -> frozenset[str]:
        """Between two batches: decides by the table that counts now, and returns its tenants."""
        self.decisions = self._current()
        return self.decisions.tenants

    def batch(self, records: Sequence[Record], open_work: set[str]) -> IntakeBatch:
        """Classifies each record. An unavailable registry holds back only the partitions that need it: see `IntakeBatch.waiting`.

        `open_work` are the tenants with work that an event without an action may cancel; the tenants of events that act are added.
        """
        batch = IntakeBatch(len(records), Counter(), [], [], [])
        peek, by_status = self._reader.peek, self.decisions.by_status
        offsets, skipped = batch.offsets, list[tuple[str, str]]()
        blocked: set[Place] = set()
        # A failed look-up is made once a batch, not once a record: garbage must not slow down others.
        asked: _Asked = {}
        for record in records:
            place = (record.topic() or "", record.partition() or 0)
            if blocked and place in blocked:
                batch.waiting.append(record)
                continue
            value = record.value()
            try:
                headers = headers_of(record)
            except UnreadableHeaders as error:
                batch.dead_letters.append(
                    DeadLetter(record, DeadLetterReason.UNDECODABLE, str(error), headers_readable=False)
                )
                offsets[place] = (record.offset() or 0) + 1
                continue
            try:
                if asked and (answer := _known(asked, value, headers)):
                    raise answer
                tenant_id, status_id = peek(value, headers)
                decision = by_status(tenant_id, status_id)
                if type(decision) is not Skip:
                    self._whole(record, value, headers, batch, open_work)
                elif tenant_id in open_work:
                    self._cancelling(record, value, headers, batch, decision.reason)
                else:
                    skipped.append((tenant_id, decision.reason))
            except Unreadable as unreadable:
                batch.dead_letters.append(DeadLetter(record, unreadable.reason, unreadable.sentence))
                if unreadable.reason is DeadLetterReason.UNKNOWN_SCHEMA:
                    _keep(asked, value, headers, unreadable)
            except Unavailable as unavailable:
                _keep(asked, value, headers, unavailable)
                blocked.add(place)
                batch.waiting.append(record)
                continue
            offsets[place] = (record.offset() or 0) + 1
        batch.skips.update(skipped)
        batch.size -= len(batch.waiting)
        return batch

    def _whole(
        self, record: Record, value: bytes | None, headers: Headers | None, batch: IntakeBatch, open_work: set[str]
    ) -> None:
        """A record that may act: the person too is decoded, and may forbid it or decide. Raises `Unreadable`."""
        event = self._reader.read(value, headers)
        decision = self.decisions.decide(
            event.tenant_id,
            event.status.id,
            external_sync_disabled=event.student.external_sync_disabled,
            attributes=event.student.attributes,
        )
        match decision:
            case Skip(reason) if event.tenant_id in open_work:
                batch.arrivals.append(_taken(record, event, value, headers, skip=reason))
            case Skip(reason):
                batch.skips[event.tenant_id, reason] += 1
            case Refuse(Refusal.UNKNOWN_TENANT):
                unknown = _unknown(record, event.tenant_id, value, headers)
                if unknown.size <= _LARGEST_PARKED:
                    batch.unknown.append(unknown)
                else:
                    batch.dead_letters.append(refused(record, DeadLetterReason.UNKNOWN_TENANT))
            case Refuse(refusal):
                batch.dead_letters.append(refused(record, DeadLetterReason(refusal.value)))
            case Act(action, providers):
                open_work.add(event.tenant_id)
                batch.arrivals.append(_taken(record, event, value, headers, action=action, providers=providers))

    def _cancelling(
        self, record: Record, value: bytes | None, headers: Headers | None, batch: IntakeBatch, reason: SkipReason
    ) -> None:
        """A record that asks for nothing, of a tenant with open work: whose it is decides whether it cancels any."""
        try:
            event = self._reader.read(value, headers)
        except Unreadable as unreadable:
            # It remains what it is for a tenant without open work: whether it is a dead letter must not depend on the time.
            with about_record(origin_of(record), headers):
                log.warning("skip_unreadable", reason=unreadable.reason)
            tenant_id, _ = self._reader.peek(value, headers)
            batch.skips[tenant_id, reason] += 1
        else:
            batch.arrivals.append(_taken(record, event, value, headers, skip=reason))


def _unknown(record: Record, tenant_id: str, value: bytes | None, headers: Headers | None) -> ParkedRecord:
    return ParkedRecord(origin_of(record), tenant_id, value or b"", record.key(), tuple(headers or ()))


def _taken(
    record: Record,
    event: StudentStatusChanged,
    value: bytes | None,
    headers: Headers | None,
    *,
    action: ProviderAction = ProviderAction.CREATE_ACCOUNT,
    providers: tuple[Provider, ...] = (),
    skip: SkipReason | None = None,
) -> Taken:
    topic, partition, offset = origin_of(record)
    came_with = traceparent_of(headers)
    span = _processing((topic, partition, offset), event.tenant_id, came_with) if tracing.is_on() else None
    arrival = Arrival(
        topic=topic,
        partition=partition,
        offset=offset,
        event=event,
        action=action,
        providers=providers,
        value=value or b"",
        traceparent=came_with if span is None else tracing.traceparent_of_span(span),
    )
    return Taken(arrival, record, skip, span)


def _processing(place: Origin, tenant_id: str, came_with: str | None) -> Span | None:
    topic, partition, offset = place
    about = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": topic,
        "messaging.destination.partition.id": str(partition),
        "messaging.kafka.offset": offset,
        "provisioner.tenant_id": tenant_id,
    }
    return tracing.begun(f"process {topic}", kind=tracing.CONSUMER, within=came_with, about=about)


def _keep(asked: _Asked, value: bytes | None, headers: Headers | None, answer: Unreadable | Unavailable) -> None:
    with suppress(Unreadable):
        asked[schema_of(value or b"", headers)[0]] = answer


def _known(asked: _Asked, value: bytes | None, headers: Headers | None) -> Unreadable | Unavailable | None:
    with suppress(Unreadable):
        return asked.get(schema_of(value or b"", headers)[0])
    return None
