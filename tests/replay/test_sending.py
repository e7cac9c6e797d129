"""Letters that are sent in again: the record as it was, once, and what is noted of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError
from sqlalchemy import Engine

from consumer.codec.dead_letters import NewHeaders
from consumer.errors import Stop, Unavailable
from consumer.intake.port import Delivered
from consumer.ledger.acts import Operator
from consumer.ledger.engine import open_engine
from consumer.ledger.migrations import upgrade
from consumer.ledger.replays import Concerned, Letter, Replay, ReplayRun, Replays
from consumer.replay.letters import OriginalRecord
from consumer.replay.sending import LetterSender, Outgoing
from proof.simulation.kafka.topic import Record

pytestmark = pytest.mark.parts

Said = Callable[[Record], KafkaError | None]


@dataclass
class FakeProducer:
    """Keeps `Producer`; `says` is the cluster's answer to each record. While `deaf`, there is none."""

    says: Said = lambda _: None
    deaf: bool = False
    taken: list[Record] = field(default_factory=list[Record])
    _waiting: list[tuple[Record, Delivered]] = field(default_factory=list[tuple[Record, Delivered]])

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        *,
        headers: NewHeaders,
        on_delivery: Delivered,
    ) -> None:
        self._waiting.append((Record((topic, partition, 0), value, headers, key), on_delivery))

    def flush(self, timeout: float) -> int:
        del timeout
        if self.deaf:
            return len(self._waiting)
        for record, on_delivery in self._waiting:
            error = self.says(record)
            if error is None:
                self.taken.append(record)
            on_delivery(error, record)
        self._waiting.clear()
        return 0


class Desk:
    """A ledger and a cluster."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.producer = FakeProducer()

    def send(self, *offsets: int, again: bool = False) -> frozenset[Letter]:
        run = ReplayRun(self.engine, "dead", Operator("ada"), again=again)
        return LetterSender(self.producer, run).send([outgoing(offset) for offset in offsets])

    def noted(self, offset: int) -> Replay | None:
        return Replays(self.engine, "dead").newest([Letter(0, offset)]).get(Letter(0, offset))


def outgoing(offset: int) -> Outgoing:
    value = f"event {offset}".encode()
    original = OriginalRecord(("events", 4, offset), value, b"north/S1", [("traceparent", b"00-1")])
    return Outgoing(Concerned(Letter(0, offset), "north", "S1"), original)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    engine = open_engine(database_url)
    upgrade(engine)
    yield Desk(engine)
    engine.dispose()


def test_a_record_goes_where_it_came_from_as_it_was_and_names_its_letter(desk: Desk) -> None:
    assert desk.send(7) == {Letter(0, 7)}
    (record,) = desk.producer.taken
    assert (record.topic(), record.partition(), record.value(), record.key()) == ("events", 4, b"event 7", b"north/S1")
    assert record.headers() == [("traceparent", b"00-1"), ("provisioner-replayed-letter", b"0/7")]


def test_the_second_time_it_is_left_out_unless_that_is_asked_for(desk: Desk) -> None:
    desk.send(7)
    assert desk.send(7, 8) == {Letter(0, 8)}
    assert desk.send(7, again=True) == {Letter(0, 7)}
    assert [record.value() for record in desk.producer.taken] == [b"event 7", b"event 8", b"event 7"]


def test_what_the_cluster_refuses_is_said_and_may_be_sent_later(desk: Desk) -> None:
    def says(record: Record) -> KafkaError | None:
        return None if record.value() == b"event 7" else KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)

    desk.producer.says = says
    with pytest.raises(Stop, match="TOPIC_AUTHORIZATION_FAILED"):
        desk.send(7, 8)
    desk.producer.says = lambda _: None
    assert desk.send(7, 8) == {Letter(0, 8)}


def test_what_the_cluster_does_not_confirm_stays_begun(desk: Desk) -> None:
    desk.producer.deaf = True
    with pytest.raises(Unavailable, match="--again"):
        desk.send(7)
    noted = desk.noted(7)
    assert noted is not None
    assert noted.sent_at is None


def test_a_record_that_timed_out_may_be_there(desk: Desk) -> None:
    desk.producer.says = lambda _: KafkaError(KafkaError._MSG_TIMED_OUT)
    with pytest.raises(Unavailable):
        desk.send(7)
    assert desk.noted(7) is not None
