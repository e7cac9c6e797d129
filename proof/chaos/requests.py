"""Kafka's requests as a proxy sees them. Of its protocol: a request is its length (4 bytes), its kind (2), its version (2), …"""

from enum import IntEnum

from proof.chaos.proxy import Sees

_HEADER = 8


class Request(IntEnum):
    """Kinds, by the protocol's `api_key`."""

    PRODUCE = 0
    OFFSET_COMMIT = 8
    OFFSET_FETCH = 9
    END_TXN = 26


def asks(kind: Request) -> Sees:
    """Whether what a client sends begins with such a request."""
    return lambda chunk: len(chunk) > _HEADER and int.from_bytes(chunk[4:6]) == kind
