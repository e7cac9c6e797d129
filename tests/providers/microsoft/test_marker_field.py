"""Where the marker stands, and how that property is written and read."""

from typing import Any

import pytest

from consumer.providers.microsoft.marker_field import MarkerField

EXTENSION = "extension_b7d8e648520f41d3b9c0fdeb91768a0a_student"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("employeeId", {"employeeId": "~A"}),
        ("extensionAttribute7", {"onPremisesExtensionAttributes": {"extensionAttribute7": "~A"}}),
        (EXTENSION, {EXTENSION: "~A"}),
    ],
)
def test_what_is_written_is_read_again(name: str, body: dict[str, Any]) -> None:
    field = MarkerField(name)
    assert field.written("~A") == body
    assert field.read(body) == "~A"


@pytest.mark.parametrize("name", ["employeeId", "extensionAttribute7", EXTENSION])
@pytest.mark.parametrize(
    "user",
    [
        {},
        {"employeeId": None, EXTENSION: None, "onPremisesExtensionAttributes": None},
        {"employeeId": 7, EXTENSION: [], "onPremisesExtensionAttributes": {"extensionAttribute7": {}}},
        {"onPremisesExtensionAttributes": {"extensionAttribute8": "~A"}, "displayName": "~A"},
    ],
)
def test_there_is_no_marker_where_no_text_stands_in_the_property(name: str, user: dict[str, Any]) -> None:
    assert MarkerField(name).read(user) is None


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("employeeId", {"employeeId": None}),
        ("extensionAttribute7", {"onPremisesExtensionAttributes": {"extensionAttribute7": None}}),
        (EXTENSION, {EXTENSION: None}),
    ],
)
def test_null_clears_the_property(name: str, body: dict[str, Any]) -> None:
    assert MarkerField(name).written(None) == body


def test_only_an_employee_id_is_found_by_a_plain_query() -> None:
    assert not MarkerField("employeeId").advanced
    assert MarkerField("extensionAttribute1").advanced
    assert MarkerField(EXTENSION).advanced
