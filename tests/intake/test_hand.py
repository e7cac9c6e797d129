"""What is in hand, and what is dropped of it with its partitions."""

from collections import Counter

import pytest

from consumer.codec.letters import LetterReason
from consumer.intake.batch import Batch
from consumer.intake.hand import Hand
from consumer.intake.letters import Letter
from proof.simulation.kafka.topic import Record


def record(partition: int) -> Record:
    return Record(("events", partition, 0))


@pytest.fixture
def hand() -> Hand:
    letters = [
        Letter(record(0), LetterReason.NULL_VALUE, "It has no value."),
        Letter(record(1), LetterReason.NULL_VALUE, ""),
    ]
    batch = Batch(2, Counter(), [], letters, [], offsets={("events", 0): 1, ("events", 1): 1})
    return Hand(records=[record(1), record(2)], waiting=[record(2), record(3)], batch=batch)


def test_what_came_from_partitions_that_are_gone_is_dropped_wherever_it_is(hand: Hand) -> None:
    hand.drop({("events", 1), ("events", 2)})
    assert (hand.records, [one.partition() for one in hand.waiting]) == ([], [3])
    assert hand.batch is not None
    assert hand.batch.offsets == {("events", 0): 1}
    assert [letter.place[1] for letter in hand.batch.letters] == [0]


def test_an_empty_one_has_nothing_to_drop() -> None:
    hand = Hand()
    hand.drop({("events", 0)})
    assert (hand.records, hand.waiting, hand.batch) == ([], [], None)
