"""A record of any topic, as any client gives it."""

from dataclasses import dataclass, field

from proof.history import Headers, Place


@dataclass(frozen=True, slots=True)
class Raw:
    """`place` is where it stands: topic, partition, offset."""

    place: Place
    key: bytes | None = field(repr=False)
    value: bytes | None = field(repr=False)
    headers: Headers = ()

    def header(self, name: str) -> bytes | None:
        """The last value of that name."""
        return next((value for known, value in reversed(self.headers) if known == name), None)
