"""What is in hand, by the partitions that it is from."""

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


def test_it_has_the_places_of_all_that_it_holds(hand: Hand) -> None:
    assert set(hand.places) == {("events", partition) for partition in range(4)}


def test_what_came_from_partitions_that_are_gone_is_dropped_wherever_it_is(hand: Hand) -> None:
    hand.drop({("events", 1), ("events", 2)})
    assert set(hand.places) == {("events", 0), ("events", 3)}
    assert hand.batch is not None
    assert [letter.place[1] for letter in hand.batch.letters] == [0]


def test_an_empty_one_has_nothing_to_drop() -> None:
    hand = Hand()
    hand.drop({("events", 0)})
    assert not hand.places
