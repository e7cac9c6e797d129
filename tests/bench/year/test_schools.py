"""The installation's schools."""

from dataclasses import replace

from bench.year.assumptions import Year
from bench.year.schools import School, Size, apportioned, draw
from consumer.events import Provider


def test_their_students_are_as_many_as_assumed(year: Year) -> None:
    schools = draw(year)
    assert len(schools) == year.tenants
    assert sum(school.students for school in schools) == year.students


def test_a_seed_gives_the_same_ones_and_another_seed_others(year: Year) -> None:
    assert draw(year) == draw(year)
    assert draw(year) != draw(replace(year, seed=2))


def test_two_thirds_have_microsoft_and_most_begin_on_monday() -> None:
    schools = draw(Year(tenants=3_000, students=3_000_000))
    assert 0.63 < sum(school.provider is Provider.MICROSOFT for school in schools) / 3_000 < 0.70
    assert 0.47 < sum(school.intake_day == 0 for school in schools) / 3_000 < 0.53


def test_a_school_is_small_medium_or_large_by_its_students() -> None:
    sizes = [School(students, Provider.GOOGLE, 0, 0).size for students in (499, 500, 4_999, 5_000)]
    assert sizes == [Size.SMALL, Size.MEDIUM, Size.MEDIUM, Size.LARGE]


def test_parts_are_whole_and_nothing_is_lost() -> None:
    assert apportioned(10, [1, 1, 1]) == [3, 4, 3]
    assert apportioned(7, [0.0, 2.0, 0.0]) == [0, 7, 0]
