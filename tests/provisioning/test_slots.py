"""Slots of a process: slow students give theirs back."""

from consumer.provisioning.slots import SLOW_SHARE, Slots


def filled(concurrency: int = 4, *, taken: int = 4) -> Slots:
    slots = Slots(concurrency)
    for student in range(taken):
        slots.take(student, 0)
    return slots


def test_a_student_in_work_takes_a_slot_until_it_ends() -> None:
    slots = filled(taken=3)
    assert slots.free(1) == 1
    slots.release(0)
    assert slots.free(1) == 2


def test_a_student_who_is_slow_gives_the_slot_back() -> None:
    slots = filled()
    assert slots.free(2.9) == 0
    assert slots.free(3) == 4


def test_the_end_of_a_slow_student_frees_no_second_slot() -> None:
    slots = filled()
    slots.free(3)
    slots.release(0)
    assert slots.free(3) == 4


def test_there_is_an_end_to_the_slow_ones() -> None:
    slots = Slots(4)
    for turn in range(SLOW_SHARE + 2):
        for student in range(slots.free(10 * turn)):
            slots.take((turn, student), 10 * turn)
    assert slots.free(1_000) == 0
