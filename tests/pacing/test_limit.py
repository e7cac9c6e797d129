"""How a limit's tokens are given out."""

import pytest

from consumer.pacing.limit import AHEAD, Limit, Portion, Standing, Want, new, slowed, taken
from sandbox.simulators.rate import Rate

TEN_A_SECOND = Limit("google/creations/school.example", "creations", 10, 1)
WRITES = Limit("microsoft/writes/d/a", "writes", 3000, 150)
HOURLY = Limit("mailgun/messages/domain/school.example", "messages", 100, 3600)
NOW = 1_790_000_000.0


def times(portion: Portion) -> list[float]:
    """When each token may be used, in seconds from the taking; those of the past at once."""
    return [max(0.0, round(portion.first + n * portion.every, 6)) for n in range(portion.tokens)]


def exhausted(limit: Limit) -> Standing:
    return Standing(NOW + limit.interval)


def test_an_unused_limit_has_its_burst_at_once_and_continues_at_its_rate() -> None:
    _, portion = taken(new(TEN_A_SECOND, NOW), Want(TEN_A_SECOND, 100), NOW)
    assert times(portion)[0] == 0.0
    assert times(portion)[1:] == pytest.approx([0.1 * n for n in range(1, 11)])


@pytest.mark.parametrize(("limit", "burst"), [(TEN_A_SECOND, 1), (WRITES, 2960), (HOURLY, 99.94)])
def test_the_burst_is_two_seconds_worth_smaller_than_the_vendors(limit: Limit, burst: float) -> None:
    assert limit.burst == pytest.approx(burst, abs=0.01)


def test_the_vendors_own_bucket_never_runs_empty_however_calls_arrive_within_half_a_second() -> None:
    standing, used = new(TEN_A_SECOND, NOW), list[float]()
    for step in range(400):
        now = NOW + step * 0.05
        standing, portion = taken(standing, Want(TEN_A_SECOND, 3), now)
        used += [now + at + (0.5 if step % 2 else 0.0) for at in times(portion)]
    clock = iter([NOW, *sorted(used)])
    vendors = Rate(10, burst=10, clock=lambda: next(clock))
    assert all(vendors.allows() for _ in used)


def test_what_is_taken_all_the_time_is_the_whole_rate() -> None:
    standing, count = exhausted(TEN_A_SECOND), 0
    for step in range(1000):
        standing, portion = taken(standing, Want(TEN_A_SECOND, 5), NOW + step * 0.1)
        count += portion.tokens
    assert 1000 <= count <= 1000 + 10 * AHEAD + 1


def test_tokens_of_the_near_future_are_given_with_their_times() -> None:
    _, portion = taken(exhausted(TEN_A_SECOND), Want(TEN_A_SECOND, 4), NOW)
    assert times(portion) == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert portion.more_in == 0.0


def test_a_portion_smaller_than_wanted_says_when_to_ask_again() -> None:
    standing, portion = taken(exhausted(TEN_A_SECOND), Want(TEN_A_SECOND, 50), NOW)
    assert portion.tokens == 10
    assert portion.more_in == pytest.approx(0.6, abs=0.01)
    _, later = taken(standing, Want(TEN_A_SECOND, 50), NOW + portion.more_in)
    assert later.tokens == 6


def test_a_slow_limit_gives_one_and_says_when_the_next_comes() -> None:
    standing, portion = taken(exhausted(HOURLY), Want(HOURLY, 3), NOW + 36)
    assert portion.tokens == 1
    _, next_one = taken(standing, Want(HOURLY, 2), NOW + 36 + portion.more_in)
    assert portion.more_in == pytest.approx(35.5)
    assert next_one.tokens == 1


def test_tokens_in_advance_are_taken_from_the_past_only_and_half_of_it() -> None:
    _, full = taken(new(WRITES, NOW), Want(WRITES, 1, more=10), NOW)
    assert full.tokens == 11
    _, few = taken(Standing(NOW - 4 * WRITES.interval), Want(WRITES, 1, more=10), NOW)
    assert few.tokens == 3
    _, none = taken(exhausted(WRITES), Want(WRITES, 1, more=10), NOW)
    assert none.tokens == 1


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    _, portion = taken(Standing(NOW + 3600), Want(TEN_A_SECOND, 1), NOW)
    assert portion.more_in <= 1.0
    standing, _ = taken(Standing(NOW + 3600), Want(TEN_A_SECOND, 1), NOW)
    _, later = taken(standing, Want(TEN_A_SECOND, 1), NOW + 1)
    assert later.tokens == 1


def test_a_clock_that_was_set_forward_gives_one_burst() -> None:
    standing, portion = taken(exhausted(TEN_A_SECOND), Want(TEN_A_SECOND, 100), NOW + 3600)
    assert portion.tokens == 11
    _, again = taken(standing, Want(TEN_A_SECOND, 100), NOW + 3600)
    assert again.tokens == 0


def test_a_refusal_empties_the_bucket_and_lowers_the_rate() -> None:
    standing = slowed(new(TEN_A_SECOND, NOW), NOW)
    _, portion = taken(standing, Want(TEN_A_SECOND, 3), NOW)
    assert times(portion) == pytest.approx([0.0, 0.1 / 0.85, 0.2 / 0.85])


def test_refusals_of_calls_that_were_under_way_together_are_one() -> None:
    once = slowed(exhausted(TEN_A_SECOND), NOW)
    assert slowed(once, NOW + 4) == once
    assert slowed(once, NOW + 10).share == pytest.approx(0.85 * 0.95)


def test_the_rate_rises_again_to_the_limit_and_no_further() -> None:
    standing = slowed(exhausted(TEN_A_SECOND), NOW)
    for seconds, every in [(5, 0.1 / 0.9), (20, 0.1 / 0.97), (40, 0.1), (8000, 0.1)]:
        _, portion = taken(standing, Want(TEN_A_SECOND, 1), NOW + seconds)
        assert portion.every == pytest.approx(every)


def test_the_rate_rises_from_now_on_after_the_clock_was_set_back() -> None:
    standing, _ = taken(slowed(exhausted(TEN_A_SECOND), NOW + 3600), Want(TEN_A_SECOND, 1), NOW)
    _, portion = taken(standing, Want(TEN_A_SECOND, 1), NOW + 600)
    assert portion.every == TEN_A_SECOND.interval


def test_a_vendor_that_refuses_everything_is_still_tried() -> None:
    standing = exhausted(TEN_A_SECOND)
    for n in range(100):
        standing = slowed(standing, NOW + 6 * n)
    _, portion = taken(standing, Want(TEN_A_SECOND, 1), NOW + 600)
    assert 0.5 < portion.every < 2


def test_a_refusal_that_lies_in_the_future_after_a_step_of_the_clock_is_of_now() -> None:
    standing = slowed(exhausted(TEN_A_SECOND), NOW + 3600)
    assert slowed(standing, NOW).slowed_at == NOW
