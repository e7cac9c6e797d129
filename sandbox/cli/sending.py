"""Status events onto the input topic, as a student information system writes them."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import blake2b

from confluent_kafka import KafkaError, Message, Producer

from consumer.cli.registry import connected
from consumer.codec.registry import UnknownSchema
from consumer.codec.schemas import STATUS_CHANGED, schema, schema_text
from consumer.errors import Stop
from consumer.kafka import opened, producer_config
from consumer.secrets import opener
from consumer.settings import Settings
from sandbox.simulators.encoding import Encoder

_QUEUE_FULL_PAUSE = 0.5
_FLUSH = 60


def encoder(settings: Settings) -> Encoder:
    """Encodes status events as the registry's schema has them. Raises `Stop` where it has none, `Unavailable` where it is unreachable."""
    subject = f"{settings.kafka.topics.status_changed}-value"
    with connected(settings) as registry:
        try:
            ident = registry.id_of(subject, schema_text(STATUS_CHANGED))
        except UnknownSchema as error:
            raise Stop(f"The registry has no schema under `{subject}`: run `provisioner schemas register`.") from error
    return Encoder(schema(STATUS_CHANGED), ident)


def put(settings: Settings, records: Iterable[tuple[bytes, bytes | None]]) -> int:
    """Puts records, each a key and a value, onto the input topic; how many. Each begins a trace, the same for the same value.

    Raises `Stop` where Kafka does not take them all.
    """
    producer = Producer(producer_config(opened(settings.kafka, opener(os.environ)), name="simulated-sis"))
    topic = settings.kafka.topics.status_changed
    count, refused = 0, Counter[str]()

    def delivered(error: KafkaError | None, _record: Message) -> None:
        if error is not None:
            refused[error.str()] += 1

    for key, value in records:
        while not _produced(producer, topic, value, key, delivered):
            producer.poll(_QUEUE_FULL_PAUSE)
        count += 1
    left = producer.flush(_FLUSH)
    if left or refused:
        why = "; ".join(refused) or "it does not answer"
        raise Stop(f"Kafka has not taken {left + refused.total()} of {count} events on `{topic}`: {why}.")
    return count


def _trace(value: bytes) -> str:
    ids = blake2b(value, digest_size=24).hexdigest()
    return f"00-{ids[:32]}-{ids[32:]}-01"


def _produced(
    producer: Producer,
    topic: str,
    value: bytes | None,
    key: bytes,
    delivered: Callable[[KafkaError | None, Message], None],
) -> bool:
    try:
        producer.produce(topic, value, key, headers=[("traceparent", _trace(value or b""))], on_delivery=delivered)
    except BufferError:
        return False
    return True
