"""Dead letters, as they may be shown to people, and the records that they were before."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from consumer.codec.dead_letters import Headers, Marks, NewHeaders, Unreadable, marks_of, original_headers
from consumer.codec.wire import schema_of
from consumer.intake.port import Record
from consumer.kafka import UnreadableHeaders, headers_of
from consumer.ledger.port.parking import Origin
from consumer.ledger.replays import Letter

_TENANT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_NO_TIME = 0


@dataclass(frozen=True, slots=True)
class DeadLetterNotes:
    """All that is shown of a dead letter: what this service wrote into its headers, sizes and a digest. No name, no address, no value.

    `at`: when it became a dead letter. `topic_before`, `partition_before` and `offset_before`: where the record came from. `tenant_id`: the
    one that its key names. `schema`: the id that its value names in the registry. `replay_of`: the dead letter from which the record had
    been sent in again, as `0/1042`. `replays`: how often this one was sent in again, the last time at `replayed_at`.
    """

    partition: int
    offset: int
    at: datetime | None
    reason: str | None
    sentence: str | None
    tenant_id: str | None
    topic_before: str | None
    partition_before: int | None
    offset_before: int | None
    schema: str | None
    key_bytes: int | None
    value_bytes: int | None
    value_sha256: str | None
    value_kept: bool
    replay_of: str | None = None
    replays: int = 0
    replayed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OriginalRecord:
    """The record as it was before it became a dead letter. Keeps `consumer.intake.port.Record`."""

    origin: Origin
    sent_value: bytes | None = field(repr=False)
    sent_key: bytes | None = field(repr=False)
    sent_headers: NewHeaders = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of key, value and headers."""
        headers = sum(len(name.encode()) + len(value or b"") for name, value in self.sent_headers)
        return len(self.sent_key or b"") + len(self.sent_value or b"") + headers

    def error(self) -> None:
        """It is a record, and no error of the consumer's."""

    def topic(self) -> str:
        return self.origin[0]

    def partition(self) -> int:
        return self.origin[1]

    def offset(self) -> int:
        return self.origin[2]

    def key(self) -> bytes | None:
        return self.sent_key

    def value(self) -> bytes | None:
        return self.sent_value

    def headers(self) -> NewHeaders:
        return self.sent_headers

    def timestamp(self) -> tuple[int, int]:
        """When Kafka got it first, the dead letter does not say."""
        return _NO_TIME, -1


def letter_of(record: Record) -> Letter:
    """Its place on the topic of dead letters."""
    return Letter(record.partition() or 0, record.offset() or 0)


def notes_of(record: Record) -> DeadLetterNotes:
    """What may be shown of it. Whatever the record holds: others may write to the topic too."""
    headers, marks = _read(record)
    key, value = record.key(), record.value()
    kind, millis = record.timestamp()
    size, digest = (len(value), sha256(value).hexdigest()) if value is not None else marks.omitted or (None, None)
    return DeadLetterNotes(
        *letter_of(record),
        at=None if kind == _NO_TIME else datetime.fromtimestamp(millis / 1_000, UTC),
        reason=marks.reason,
        sentence=marks.sentence,
        tenant_id=_tenant_of(key),
        topic_before=marks.topic,
        partition_before=marks.partition,
        offset_before=marks.offset,
        schema=_schema(value, original_headers(headers)),
        key_bytes=None if key is None else len(key),
        value_bytes=size,
        value_sha256=digest,
        value_kept=marks.omitted is None,
        replay_of=marks.replayed,
    )


def original_of(record: Record) -> OriginalRecord | None:
    """The record that it was; None where its headers do not say where that was, or where its value was not kept."""
    headers, marks = _read(record)
    if marks.topic is None or marks.partition is None or marks.offset is None or marks.omitted is not None:
        return None
    origin = marks.topic, marks.partition, marks.offset
    return OriginalRecord(origin, record.value(), record.key(), original_headers(headers))


def _read(record: Record) -> tuple[Headers, Marks]:
    try:
        headers = headers_of(record) or ()
    except UnreadableHeaders:
        headers = ()
    return headers, marks_of(headers)


def _tenant_of(key: bytes | None) -> str | None:
    """Keys are `tenant_id/student_id`: see docs/events.md. What has not that form may be anything, and is not shown."""
    tenant_id, slash, _ = (key or b"").decode(errors="replace").partition("/")
    return tenant_id if slash and _TENANT_ID.fullmatch(tenant_id) else None


def _schema(value: bytes | None, headers: NewHeaders) -> str | None:
    try:
        ref, _ = schema_of(value or b"", [(name, _bytes(content)) for name, content in headers])
    except Unreadable:
        return None
    return str(ref)


def _bytes(content: str | bytes | None) -> bytes | None:
    return content.encode() if isinstance(content, str) else content
