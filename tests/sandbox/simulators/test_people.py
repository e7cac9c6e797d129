"""The generated students are the ones that break naive name handling, and the same ones every time."""

import unicodedata

import pytest

from consumer.events import Student
from consumer.policy.addresses import candidates
from consumer.tenants import Addresses
from sandbox.simulators.people import People

SIZE = 1_500


@pytest.fixture(scope="module")
def school() -> list[Student]:
    people = People(seed=7)
    return [people.student("academy", index) for index in range(SIZE)]


def test_the_same_seed_makes_the_same_students(school: list[Student]) -> None:
    again = People(seed=7)
    assert [again.student("academy", index) for index in range(SIZE)] == school


def test_another_seed_or_institution_has_other_students(school: list[Student]) -> None:
    assert People(seed=8).student("academy", 0) != school[0]
    assert People(seed=7).student("lyceum", 0) != school[0]


def test_student_ids_are_unique_and_some_are_longer_than_graph_keeps(school: list[Student]) -> None:
    ids = [student.student_id for student in school]
    assert len(set(ids)) == len(ids)
    assert SIZE / 10 < sum(len(i) > 16 for i in ids) < SIZE / 3


@pytest.mark.parametrize("script", ["GREEK", "ARABIC", "LATIN CAPITAL LETTER H WITH STROKE", "CYRILLIC", "CJK"])
def test_names_come_in_many_scripts(school: list[Student], script: str) -> None:
    letters = {c for s in school for c in s.given_name + s.family_name}
    assert any(unicodedata.name(c, "").startswith(script) for c in letters)


@pytest.mark.parametrize("mark", ["'", "’", "-", "Ġ", "Ż", "ễ"])
def test_names_hold_the_marks_that_break_things(school: list[Student], mark: str) -> None:
    assert any(mark in s.given_name + s.family_name for s in school)


def test_siblings_share_a_family_name_and_a_contact_address(school: list[Student]) -> None:
    elder, younger = school[10], school[11]
    assert (elder.family_name, elder.contact_email) == (younger.family_name, younger.contact_email)
    assert elder.student_id != younger.student_id


def test_namesakes_share_both_names_and_nothing_else(school: list[Student]) -> None:
    first, second = school[13], school[16]
    assert (first.given_name, first.family_name) == (second.given_name, second.family_name)
    assert first.contact_email != second.contact_email


def test_some_have_one_name_only_and_all_have_at_least_one(school: list[Student]) -> None:
    assert any(not s.family_name for s in school)
    assert any(not s.given_name for s in school)
    assert all(s.given_name or s.family_name for s in school)


def test_some_names_are_longer_than_any_vendor_takes(school: list[Student]) -> None:
    assert any(len(s.given_name) > 60 < len(s.family_name) for s in school)


def test_no_name_is_so_common_that_its_addresses_run_out(school: list[Student]) -> None:
    addresses = Addresses(domain="academy.example")
    taken: set[str] = set()
    for student in school:
        free = next(a for a in candidates(addresses, student) if a not in taken)
        taken.add(free)
    assert len(taken) == len(school)
