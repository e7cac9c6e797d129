"""What is in hand, and what is dropped of it with its partitions."""

from collections import Counter

import pytest

from consumer.codec.dead_letters import DeadLetterReason
from consumer.intake.batch import IntakeBatch
from consumer.intake.dead_letters import DeadLetter
from consumer.intake.in_flight import InFlight
from proof.simulation.kafka.topic import Record


def record(partition: int) -> Record:
    return Record(("events", partition, 0))


@pytest.fixture
def in_flight() -> InFlight:
    dead_letters = [
        DeadLetter(record(0), DeadLetterReason.NULL_VALUE, "It has no value."),
        DeadLetter(record(1), DeadLetterReason.NULL_VALUE, ""),
    ]
    batch = IntakeBatch(2, Counter(), [], dead_letters, [], offsets={("events", 0): 1, ("events", 1): 1})
    return InFlight(records=[record(1), record(2)], waiting=[record(2), record(3)], batch=batch)


def test_what_came_from_partitions_that_are_gone_is_dropped_wherever_it_is(in_flight: InFlight) -> None:
    in_flight.drop({("events", 1), ("events", 2)})
    assert (in_flight.records, [one.partition() for one in in_flight.waiting]) == ([], [3])
    assert in_flight.batch is not None
    assert in_flight.batch.offsets == {("events", 0): 1}
    assert [dead_letter.place[1] for dead_letter in in_flight.batch.dead_letters] == [0]


def test_an_empty_one_has_nothing_to_drop() -> None:
    in_flight = InFlight()
    in_flight.drop({("events", 0)})
    assert (in_flight.records, in_flight.waiting, in_flight.batch) == ([], [], None)
