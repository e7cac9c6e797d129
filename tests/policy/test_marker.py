"""Markers identify tenant and student, and no one else writes their like."""

import re

import pytest

from consumer.events import Provider
from consumer.policy.marker import GRAPH_LENGTH, marker

HASHED = re.compile(r"~[A-Z2-7]{15}")
SHORT = ["1", "S-2024/000017", "0123456789abcdef", "O'Neill", "a b"]
UNUSUAL = ["0123456789abcdefg", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "~1", "a~b", " 1", "1 ", "Μ17", "१७", "😀"]


@pytest.mark.parametrize("student_id", [*SHORT, *UNUSUAL])
def test_a_marker_at_microsoft_is_a_hash_that_fits_into_an_employee_id(student_id: str) -> None:
    found = marker(Provider.MICROSOFT, "athens", student_id)
    assert HASHED.fullmatch(found)
    assert len(found) == GRAPH_LENGTH


def test_ids_that_begin_alike_have_markers_of_their_own() -> None:
    ids = [f"3f2504e0-4f89-11d3-{index:06d}" for index in range(20_000)]
    assert len({marker(Provider.MICROSOFT, "athens", i) for i in ids}) == len(ids)


@pytest.mark.parametrize("provider", Provider)
def test_two_tenants_in_one_directory_have_markers_of_their_own(provider: Provider) -> None:
    assert marker(provider, "athens", "2001") != marker(provider, "valletta", "2001")


@pytest.mark.parametrize("provider", Provider)
def test_tenant_and_student_are_kept_apart(provider: Provider) -> None:
    assert marker(provider, "a", "b/c") != marker(provider, "a-b", "c")


def test_a_marker_at_google_names_tenant_and_student() -> None:
    assert marker(Provider.GOOGLE, "athens", "17") == "athens/17"


def test_the_marker_of_a_student_never_changes() -> None:
    assert marker(Provider.MICROSOFT, "athens", "3f2504e0-4f89-11d3-9a0c-0305e82c3301") == "~ANMZZ7AUMQ4APJY"
