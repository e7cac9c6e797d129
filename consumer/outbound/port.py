"""What the relay asks of Kafka and of its election."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from consumer.ledger.port.outbox import OnTopic


class TransactionalProducer(Protocol):
    """`confluent_kafka.Producer`, as far as the relay uses it. Every method may raise `KafkaException`."""

    def init_transactions(self, timeout: float) -> None: ...
    def begin_transaction(self) -> None: ...
    def produce(
        self,
        topic: str,
        value: bytes,
        key: bytes,
        partition: int = -1,
        *,
        headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> None: ...
    def poll(self, timeout: float) -> int: ...
    def commit_transaction(self, timeout: float) -> None: ...
    def purge(self) -> None: ...


class Progress(Protocol):
    """The newest batch that is on its topics, as the topics themselves say."""

    def read(self) -> int:
        """Its number; 0 where none ever was. Raises `Unavailable`, or `Stop` where its topic is missing."""
        ...


class Published(Protocol):
    """Outcomes as a `read_committed` reader of their topics sees them. Every method may raise `Unavailable`."""

    def topics(self) -> Collection[str]:
        """Where outcomes are published now."""
        ...

    def kept_since(self, moment: datetime | None) -> bool:
        """Whether the topics still have every record from that moment on (None: from the first), as far as can be known."""
        ...

    def since(self, moment: datetime | None) -> Iterator[Sequence[OnTopic]]:
        """Page by page what was published from that moment on (None: from the first), and is there when this begins.

        Each partition's in its order. A page may be empty: nothing came for a second, or none of it is an outcome. Blocks in between.
        """
        ...
