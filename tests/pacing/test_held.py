"""The tokens that a process holds."""

from math import inf

import pytest

from consumer.pacing.held import Held
from consumer.pacing.limit import Portion

NOW = 1000.0


@pytest.fixture
def held() -> Held:
    """Two that may be used at once, and three more, one each second from now."""
    held = Held(late=1.5)
    held.add(Portion(2, -5.0, 1.0, 0.0), NOW)
    held.add(Portion(3, 0.0, 1.0, 0.0), NOW)
    return held


def test_a_token_is_ready_at_its_time(held: Held) -> None:
    assert [held.ready_at(n) for n in (1, 2, 3, 5)] == [NOW - 5, NOW - 4, NOW, NOW + 2]
    assert held.ready_at(6) == inf


def test_tokens_are_taken_in_the_order_in_which_they_came(held: Held) -> None:
    assert held.take(3) == 0
    assert len(held) == 2
    assert held.ready_at(1) == NOW + 1


def test_taking_more_than_there_are_says_how_many_were_lacking(held: Held) -> None:
    assert held.take(7) == 2
    assert len(held) == 0


def test_what_is_given_back_is_ready_at_once(held: Held) -> None:
    held.take(5)
    held.give_back(2, NOW + 9)
    assert held.ready_at(2) == NOW + 9


def test_what_is_not_used_in_time_is_dropped(held: Held) -> None:
    held.drop_old(NOW + 1.4)
    assert len(held) == 5
    held.drop_old(NOW + 1.5)
    assert len(held) == 2
    held.drop_old(NOW + 3.4)
    assert len(held) == 1


def test_a_refusal_makes_all_of_them_worthless(held: Held) -> None:
    held.clear()
    assert held.ready_at(1) == inf


def test_an_empty_portion_adds_nothing() -> None:
    held = Held(late=1.5)
    held.add(Portion(0, 0.0, 1.0, 5.0), NOW)
    assert held.ready_at(1) == inf
