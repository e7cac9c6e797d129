import math

import pytest

from consumer.policy.backoff import delay


def test_the_step_doubles_up_to_the_cap() -> None:
    assert [delay(n, base=2, cap=20, jitter=1.0) for n in range(1, 7)] == [2, 4, 8, 16, 20, 20]


def test_jitter_takes_any_part_of_the_step() -> None:
    assert delay(3, base=2, cap=20, jitter=0.25) == 2
    assert delay(3, base=2, cap=20, jitter=0.0) == 0


@pytest.mark.parametrize("attempt", [100, 10_000, 10**9])
def test_the_millionth_failure_waits_no_longer_than_the_cap(attempt: int) -> None:
    assert delay(attempt, base=2, cap=600, jitter=1.0) == 600
    assert math.isfinite(delay(attempt, base=1e-9, cap=math.inf, jitter=1.0))


@pytest.mark.parametrize(
    ("attempt", "base", "cap", "jitter"),
    [(0, 1, 1, 0.5), (1, 0, 1, 0.5), (1, 1, 0, 0.5), (1, 1, 1, 1.5), (1, 1, 1, -0.1)],
)
def test_an_argument_out_of_its_range_is_refused(attempt: int, base: float, cap: float, jitter: float) -> None:
    with pytest.raises(ValueError, match="attempt must be"):
        delay(attempt, base=base, cap=cap, jitter=jitter)
