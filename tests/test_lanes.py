import pytest

from tests.lanes import Part, share_out


@pytest.mark.parametrize(
    ("seconds", "lanes", "shares"),
    [
        ([], 2, []),
        ([5, 5, 5], 1, [0, 0, 0]),
        ([1, 2, 3], 3, [2, 1, 0]),
        ([4, 10, 5, 2], 2, [1, 0, 1, 1]),
    ],
)
def test_lanes_take_about_as_long(seconds: list[float], lanes: int, shares: list[int]) -> None:
    assert share_out(seconds, lanes) == shares


def test_parts_together_are_all_and_no_test_is_in_two() -> None:
    tests = list(range(10))
    parts = [Part(number, 3).split(tests) for number in (1, 2, 3)]
    assert sorted(test for kept, _ in parts for test in kept) == tests
    assert all(sorted([*kept, *left_out]) == tests for kept, left_out in parts)


def test_a_part_takes_tests_from_everywhere() -> None:
    assert Part(2, 3).split("abcdefg") == (["b", "e"], ["a", "c", "d", "f", "g"])


def test_a_part_is_written_as_a_fraction() -> None:
    assert Part.parse("2/3") == Part(2, 3)
    for text in ("0/3", "4/3", "2", "a/b"):
        with pytest.raises(ValueError, match="no part"):
            Part.parse(text)
