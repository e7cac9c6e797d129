"""Topics: for each partition a log of records and of the markers that end transactions."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_NOT_AVAILABLE, KafkaError, KafkaException

Headers = Sequence[tuple[str, str | bytes | None]]
Place = tuple[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What `confluent_kafka.Message` tells, by its methods; `at` is topic, partition and offset, `written` the clock's time."""

    at: tuple[str, int, int]
    sent_value: bytes | None = None
    sent_headers: Any = None
    sent_key: bytes | None = None
    trouble: KafkaError | None = None
    written: float = 0.0

    def error(self) -> KafkaError | None:
        return self.trouble

    def topic(self) -> str:
        return self.at[0]

    def partition(self) -> int:
        return self.at[1]

    def offset(self) -> int:
        return self.at[2]

    def key(self) -> bytes | None:
        return self.sent_key

    def value(self) -> bytes | None:
        return self.sent_value

    def headers(self) -> Any:  # noqa: ANN401  as the port has it
        return self.sent_headers

    def timestamp(self) -> tuple[int, int]:
        if not self.written:
            return TIMESTAMP_NOT_AVAILABLE, -1
        return TIMESTAMP_CREATE_TIME, int(self.written * 1_000)


@dataclass(slots=True, eq=False)
class _Run:
    """A transactional producer's records in one partition, up to the marker that ends them."""

    first: int
    committed: bool | None = None


class Log:
    """One partition; `tell` is called when there may be more to read."""

    def __init__(self, topic: str, number: int, tell: Callable[[], None]) -> None:
        self.place: Place = (topic, number)
        self._tell = tell
        self.oldest = 0
        """The first offset that is kept."""
        self._entries: list[tuple[Record | None, _Run | None]] = []
        self._open: dict[str, _Run] = {}

    @property
    def end(self) -> int:
        """The next record's offset."""
        return len(self._entries)

    @property
    def stable(self) -> int:
        """The last stable offset: `read_committed` readers see nothing from there on, while a transaction is open."""
        return min((run.first for run in self._open.values()), default=self.end)

    def append(
        self, key: bytes | None, value: bytes | None, headers: Headers | None, *, now: float, writer: str | None = None
    ) -> Record:
        """Adds a record; with a `writer`, its `transactional.id`, one that is open until `mark`."""
        run = None
        if writer is not None:
            run = self._open.setdefault(writer, _Run(self.end))
        read = [(name, _bytes(header)) for name, header in headers] if headers else None
        record = Record((*self.place, self.end), value, read, key, None, now)
        self._entries.append((record, run))
        self._tell()
        return record

    def mark(self, writer: str, *, committed: bool) -> None:
        """Ends whatever the writer has open here."""
        run = self._open.pop(writer, None)
        if run is not None:
            run.committed = committed
        self._entries.append((None, None))
        self._tell()

    def read(self, start: int, most: int) -> tuple[list[Record], int]:
        """What a `read_committed` reader sees from `start` on, and where to continue."""
        found: list[Record] = []
        position, stable = start, self.stable
        while position < stable and len(found) < most:
            record, run = self._entries[position]
            if record is not None and (run is None or run.committed):
                found.append(record)
            position += 1
        return found, position

    def records(self) -> list[Record]:
        """All of them: those of open and of aborted transactions too."""
        return [record for record, _ in self._entries[self.oldest :] if record is not None]


class Topic:
    """Partitions, and the listeners for new records."""

    def __init__(self, name: str, partitions: int) -> None:
        self.name = name
        self.logs: list[Log] = []
        self.readers: list[Callable[[], None]] = []
        self.grow(partitions)

    def grow(self, partitions: int) -> None:
        """Adds partitions up to that number."""
        self.logs += [Log(self.name, number, self._wake) for number in range(len(self.logs), partitions)]

    def log(self, key: bytes | None, partition: int = -1) -> Log:
        """The partition that was asked for, or the key's, as librdkafka chooses it."""
        if partition < 0:
            partition = zlib.crc32(key or b"") % len(self.logs)
        return self.logs[partition]

    def _wake(self) -> None:
        for wake in self.readers:
            wake()


class Topics(dict[str, Topic]):
    """By name."""

    def __missing__(self, name: str) -> Topic:
        """Raises `KafkaException`: topics are not created on use."""
        raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, f"There is no topic {name}."))


def _bytes(header: str | bytes | None) -> bytes | None:
    return header.encode() if isinstance(header, str) else header
