"""Loop 1's records of tenants that are not configured: they wait in the ledger for their tenant's file."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

Origin = tuple[str, int, int]
"""Topic, partition and offset that a record was read from."""

BEGINNING: Origin = ("", -1, -1)
"""Before every record."""


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record as it came, and the tenant that it names: personal data. Keeps `consumer.intake.port.Record`.

    `expired`: it was awaited in vain, and is a dead letter from now on, even if its tenant becomes known before that is sent.
    """

    origin: Origin
    tenant_id: str
    sent_value: bytes = field(repr=False)
    sent_key: bytes | None = field(default=None, repr=False)
    sent_headers: tuple[tuple[str, bytes | None], ...] = field(default=(), repr=False)
    expired: bool = False

    @property
    def size(self) -> int:
        """Bytes of key, value and headers."""
        headers = sum(len(name.encode()) + len(value or b"") for name, value in self.sent_headers)
        return len(self.sent_key or b"") + len(self.sent_value) + headers

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

    def value(self) -> bytes:
        return self.sent_value

    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        return self.sent_headers

    def timestamp(self) -> tuple[int, int]:
        """It was taken in when it was parked: how long Kafka had had it is not kept."""
        return 0, -1


@dataclass(frozen=True, slots=True)
class ParkingWrites:
    """What a batch changes: `park` are added, as long as fewer than `most` records wait in the ledger; `release` are removed."""

    park: Sequence[ParkedRecord] = ()
    most: int = 0
    release: Collection[Origin] = ()

    def __bool__(self) -> bool:
        """Whether it changes anything."""
        return bool(self.park or self.release)

    @property
    def places(self) -> set[tuple[str, int]]:
        """The partitions concerned."""
        return {origin[:2] for origin in (*(record.origin for record in self.park), *self.release)}


UNCHANGED = ParkingWrites()


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """Records whose wait is over, in order; `total` is how many wait in all of the partitions, these included."""

    records: Sequence[ParkedRecord]
    total: int
