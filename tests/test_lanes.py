import pytest

from tests.lanes import share_out


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
