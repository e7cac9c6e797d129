"""Dead letters as the service writes them."""

from dataclasses import dataclass, field
from typing import Any

from consumer.codec.dead_letters import DeadLetterReason, Headers, dead_letter_headers

KEY = b"north-high/S1"
TOPIC = "events"


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A record of the topic of dead letters, as a consumer returns it."""

    sent_value: bytes | None = None
    sent_headers: Any = None
    sent_key: bytes | None = KEY
    place: tuple[int, int] = (0, 1042)
    at: tuple[int, int] = field(default=(1, 1_788_246_000_000))

    def error(self) -> None:
        return None

    def topic(self) -> str:
        return "dead"

    def partition(self) -> int:
        return self.place[0]

    def offset(self) -> int:
        return self.place[1]

    def key(self) -> bytes | None:
        return self.sent_key

    def value(self) -> bytes | None:
        return self.sent_value

    def headers(self) -> Any:
        return self.sent_headers

    def timestamp(self) -> tuple[int, int]:
        return self.at


def headers_of_letter(
    original: Headers | None = None,
    *,
    topic: str = TOPIC,
    partition: int = 4,
    offset: int = 1021,
    reason: DeadLetterReason = DeadLetterReason.UNLISTED_STATUS,
) -> list[tuple[str, bytes | None]]:
    """As they are read back."""
    written = dead_letter_headers(
        original, topic=topic, partition=partition, offset=offset, reason=reason, sentence="No row is for it."
    )
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in written]


def letter(value: bytes | None, original: Headers | None = None, **about: Any) -> StoredLetter:
    """One of a record with this value; `about` as in `headers_of_letter`."""
    return StoredLetter(value, headers_of_letter(original, **about))
