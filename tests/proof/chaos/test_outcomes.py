from collections.abc import Sequence

import pytest

from proof.chaos.rows.outcomes import Seen, count

_ALL_IS_WELL = {"lost": 0, "seen twice": 0, "out of their key's order": 0}


def _seen(*numbers: int, topic: str = "topic", key: bytes = b"key") -> Sequence[Seen]:
    return [Seen(topic, key, f"event-{number}", number) for number in numbers]


def test_each_once_and_in_order_is_well() -> None:
    assert count(_seen(1, 2, 3), 3) == _ALL_IS_WELL


def test_only_a_keys_own_order_on_a_topic_counts() -> None:
    assert count([*_seen(2, 4), *_seen(1, 5, key=b"other"), *_seen(3, topic="other")], 5) == _ALL_IS_WELL


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ((1, 3), {"lost": 1}),
        ((), {"lost": 3}),
        ((1, 2, 3, 2), {"seen twice": 1}),
        ((1, 1, 1, 2, 3), {"seen twice": 2}),
        ((1, 3, 2), {"out of their key's order": 1}),
    ],
)
def test_what_is_wrong_is_counted_by_its_kind(numbers: Sequence[int], wrong: dict[str, int]) -> None:
    assert count(_seen(*numbers), 3) == {**_ALL_IS_WELL, **wrong}
