import re

import pytest

from consumer.events import Provider
from consumer.policy.marker import GRAPH_LENGTH, marker

HASHED = re.compile(r"~[A-Z2-7]{15}")


@pytest.mark.parametrize("student_id", ["1", "S-2024/000017", "0123456789abcdef", "O'Neill", "a b"])
def test_a_short_plain_id_is_the_marker_itself_at_microsoft(student_id: str) -> None:
    assert marker(Provider.MICROSOFT, "athens", student_id) == student_id


@pytest.mark.parametrize(
    "student_id",
    ["0123456789abcdefg", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "~1", "a~b", " 1", "1 ", "Μ17", "१७", "😀"],
)
def test_any_other_id_is_hashed_at_microsoft_and_never_cut(student_id: str) -> None:
    assert HASHED.fullmatch(marker(Provider.MICROSOFT, "athens", student_id))


def test_no_plain_id_can_look_like_a_hashed_one() -> None:
    hashed = marker(Provider.MICROSOFT, "athens", "a-rather-long-student-id")
    assert marker(Provider.MICROSOFT, "athens", hashed) != hashed


def test_graph_has_room_for_every_marker() -> None:
    ids = [f"{'x' * length}{index}" for length in range(40) for index in range(20)]
    assert all(len(marker(Provider.MICROSOFT, "athens", i)) <= GRAPH_LENGTH for i in ids)


def test_ids_that_begin_alike_have_markers_of_their_own() -> None:
    ids = [f"3f2504e0-4f89-11d3-{index:06d}" for index in range(20_000)]
    assert len({marker(Provider.MICROSOFT, "athens", i) for i in ids}) == len(ids)


def test_a_hashed_marker_belongs_to_one_tenant() -> None:
    assert marker(Provider.MICROSOFT, "athens", "x" * 20) != marker(Provider.MICROSOFT, "valletta", "x" * 20)


def test_two_tenants_in_one_workspace_customer_cannot_meet() -> None:
    assert marker(Provider.GOOGLE, "athens", "17") == "athens/17"
    assert marker(Provider.GOOGLE, "valletta", "17") == "valletta/17"
    assert marker(Provider.GOOGLE, "a", "b/c") != marker(Provider.GOOGLE, "a-b", "c")


def test_the_marker_of_a_student_never_changes() -> None:
    assert marker(Provider.MICROSOFT, "athens", "3f2504e0-4f89-11d3-9a0c-0305e82c3301") == "~ANMZZ7AUMQ4APJY"
