"""What is repeated is said at once, and then once a minute."""

from consumer.observe.sparing import Sparing


def test_what_is_repeated_is_said_again_after_a_minute_with_the_number_left_out() -> None:
    now = 0.0
    sparing = Sparing(clock=lambda: now)
    assert [sparing.left_out("refused after 3 ms") for _ in range(5)] == [0, None, None, None, None]
    now = 61.0
    assert sparing.left_out("refused after 3 ms") == 4


def test_a_duration_does_not_make_it_another() -> None:
    sparing = Sparing(clock=lambda: 0.0)
    assert (sparing.left_out("refused after 3 ms"), sparing.left_out("refused after 17ms")) == (0, None)


def test_what_is_another_is_said_at_once() -> None:
    sparing = Sparing(clock=lambda: 0.0)
    assert (sparing.left_out("database"), sparing.left_out("registry")) == (0, 0)


def test_what_has_not_been_said_for_a_minute_is_forgotten() -> None:
    now = 0.0
    sparing = Sparing(clock=lambda: now)
    sparing.left_out("database")
    now = 61.0
    assert sparing.left_out("registry") == 0
    assert sparing.left_out("database") == 0
