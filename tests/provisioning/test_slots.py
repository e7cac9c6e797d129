"""Slots of a process: students of slow tenants are counted apart."""

from consumer.provisioning.slots import SLOW_SHARE, Slots


def filled(concurrency: int = 4, *, taken: int = 4) -> Slots:
    slots = Slots(concurrency)
    for student in range(taken):
        slots.take(student, "a", 0)
    return slots


def test_a_student_in_work_takes_a_slot_until_it_ends() -> None:
    slots = filled(taken=3)
    assert slots.free(1) == 1
    slots.release(0, 1)
    assert slots.free(1) == 2


def test_a_student_who_is_slow_gives_the_slot_back() -> None:
    slots = filled()
    assert slots.free(2.9) == 0
    assert slots.free(3) == 4


def test_the_end_of_a_slow_student_frees_no_second_slot() -> None:
    slots = filled()
    slots.free(3)
    slots.release(0, 3)
    assert slots.free(3) == 4


def test_further_students_of_a_slow_tenant_take_no_slots() -> None:
    slots = filled(taken=1)
    slots.free(3)
    slots.take("another", "a", 3)
    slots.take("other", "b", 3)
    assert slots.free(3) == 3


def test_a_tenant_is_slow_until_its_slow_students_have_ended_and_ten_seconds_longer() -> None:
    slots = filled(taken=1)
    slots.free(3)
    slots.take("quick", "a", 3)
    assert slots.is_slow("a")
    slots.release(0, 20)
    slots.free(29.9)
    assert slots.is_slow("a")
    slots.free(30)
    assert "a" in slots.slow_tenants()  # the other one has become slow by now
    slots.release("quick", 31)
    slots.free(41)
    assert not slots.is_slow("a")


def test_the_next_students_of_a_tenant_that_was_slow_take_no_slots() -> None:
    slots = filled()
    slots.free(3)
    for student in range(4):
        slots.release(student, 20)
    for student in range(4):
        slots.take(student, "a", 20)
    assert slots.free(20) == 4


def test_slow_tenants_have_a_limit_together_and_then_keep_their_slots() -> None:
    slots = Slots(4)
    for student in range(4 * SLOW_SHARE):
        slots.take(student, "a", 0)
    slots.free(3)
    assert slots.free_apart() == 0
    for student in range(100, 104):
        slots.take(student, "b", 3)
    assert slots.free(100) == 0
