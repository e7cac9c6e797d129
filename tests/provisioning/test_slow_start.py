"""Few at first, twice as many each second."""

from consumer.provisioning.slow_start import SlowStart


def test_few_begin_at_once() -> None:
    assert SlowStart(512, first=64).allowed(0, now=0) == 64


def test_there_may_be_twice_as_many_each_second_until_all_places_are_taken() -> None:
    start, in_work = SlowStart(300, first=64), [0]
    for second in range(5):
        in_work.append(start.allowed(in_work[-1], now=second))
    assert in_work[1:] == [64, 128, 256, 300, 300]


def test_within_a_second_there_may_be_no_more() -> None:
    start = SlowStart(512, first=64)
    start.allowed(0, now=0)
    assert start.allowed(64, now=0.9) == 64


def test_students_that_end_within_a_second_count_as_well() -> None:
    start = SlowStart(512, first=64)
    start.allowed(0, now=0)
    start.allowed(60, now=0.5)
    assert start.allowed(3, now=1) == 120


def test_where_few_were_in_work_it_starts_anew() -> None:
    start, in_work = SlowStart(512, first=64), 0
    for second in range(5):
        in_work = start.allowed(in_work, now=second)
    start.allowed(2, now=5)
    assert start.allowed(2, now=6) == 64


def test_a_small_process_begins_with_all_its_places() -> None:
    assert SlowStart(10, first=64).allowed(0, now=0) == 10
