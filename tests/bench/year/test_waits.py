"""Waits, counted in steps."""

from bench.year.waits import Waits


def waits(counts: dict[int, int]) -> Waits:
    made = Waits(step=20, least=1.5)
    for steps, students in counts.items():
        made.add(steps, students)
    return made


def test_a_quantile_is_what_so_many_did_not_wait_longer_than() -> None:
    some = waits({0: 50, 1: 48, 10: 1, 30: 1})
    assert [some.quantile(share) for share in (0.5, 0.51, 0.99, 1.0)] == [1.5, 21.5, 201.5, 601.5]
    assert some.worst == 601.5


def test_groups_are_taken_together_by_their_students() -> None:
    together = Waits.of_all([waits({0: 1}), waits({2: 99})])
    assert together.students == 100
    assert together.quantile(0.5) == 41.5
