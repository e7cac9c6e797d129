"""Errors as librdkafka makes them: `tests/intake/test_errors.py` provokes each, and compares."""

from confluent_kafka import KafkaError


def fatal_error(why: int) -> KafkaError:
    """What `consume` returns once when the consumer can't continue because of this code, as far as librdkafka's words tell.

    Its code says only that it is fatal, and its flag does not even say that.
    """
    words = KafkaError(why).str()
    return KafkaError(KafkaError._FATAL, f"Fatal error: {words}: Fatal consumer error: {words}")  # noqa: SLF001  its name


def commit_error(why: int) -> KafkaError:
    """What `commit` raises or answers for this code."""
    return KafkaError(why, f"Commit failed: {KafkaError(why).str()}")
