import pytest

from consumer.policy.condition import covers, matches, may_both_match
from consumer.tenants import When

GRADES: When = {"grade": ("7", "8"), "school": ("north",)}


def test_a_condition_matches_where_every_attribute_has_one_of_its_values() -> None:
    assert matches(GRADES, {"grade": "8", "school": "north", "house": "red"})
    assert not matches(GRADES, {"grade": "8", "school": "south"})
    assert not matches(GRADES, {"grade": "8"})


def test_a_condition_that_names_no_attribute_matches_every_student() -> None:
    assert matches({}, {})
    assert matches({}, {"grade": "7"})


def test_values_are_matched_exactly() -> None:
    assert not matches({"grade": ("7",)}, {"grade": "07"})
    assert not matches({"school": ("north",)}, {"school": "North"})


def test_a_condition_that_lists_no_value_matches_no_student() -> None:
    assert not matches({"grade": ()}, {"grade": ""})
    assert not matches({"grade": ()}, {})


@pytest.mark.parametrize("first", [{}, GRADES, {"grade": ("7", "8", "9")}])
def test_a_condition_covers_another_where_it_matches_all_of_its_students(first: When) -> None:
    assert covers(first, GRADES)


@pytest.mark.parametrize("first", [{"grade": ("7",)}, {"house": ("red",)}, {**GRADES, "house": ("red",)}])
def test_a_condition_covers_no_other_that_matches_more_students(first: When) -> None:
    assert not covers(first, GRADES)
    assert not covers(first, {})


@pytest.mark.parametrize("second", [{}, GRADES, {"grade": ("8", "9")}, {"house": ("red",)}])
def test_two_conditions_may_both_match_where_no_attribute_keeps_them_apart(second: When) -> None:
    assert may_both_match(GRADES, second)


def test_conditions_without_a_common_value_never_match_the_same_student() -> None:
    assert not may_both_match(GRADES, {"grade": ("10",), "house": ("red",)})
