"""Records of the dead-letter topic."""

from consumer.codec.dead_letters import REASON_HEADER
from proof.collect.inputs import digest
from proof.collect.raw import Raw
from proof.history import DeadLetter, Place

_CONNECT = "__connect.errors."


def dead_letter(record: Raw) -> DeadLetter:
    """What it says of itself. Raises ValueError where it does not say whence it comes, or why."""
    reason = record.header(REASON_HEADER)
    if reason is None:
        raise ValueError(f"the dead letter at {record.place} names no reason")
    return DeadLetter(record.place, _origin(record), reason.decode(), record.key, record.headers, digest(record))


def _origin(record: Raw) -> Place:
    topic, partition, offset = (record.header(_CONNECT + name) for name in ("topic", "partition", "offset"))
    if topic is None or partition is None or offset is None:
        raise ValueError(f"the dead letter at {record.place} does not say where it was read")
    return topic.decode(), int(partition), int(offset)
