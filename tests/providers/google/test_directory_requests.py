"""Bodies and URLs as the Directory API wants them."""

from urllib.parse import parse_qs, urlsplit

import pytest

from consumer.providers.google import directory_requests
from consumer.providers.port import NewAccount

GOOGLE = "https://admin.example"
MARIA = NewAccount("maria.rossi@school.example", "S1", "Maria", "Rossi", "Maria Rossi", "el", "/Students/7")
OURS = {"type": "custom", "customType": "provisioner", "value": "S1"}
OTHERS = [{"type": "organization", "value": "E-77"}, {"type": "custom", "customType": "library", "value": "S9"}]


def test_one_call_carries_everything_that_an_account_needs() -> None:
    assert directory_requests.create_body(MARIA, "Kd7m-Wq3x") == {
        "primaryEmail": "maria.rossi@school.example",
        "name": {"givenName": "Maria", "familyName": "Rossi"},
        "password": "Kd7m-Wq3x",
        "changePasswordAtNextLogin": True,
        "externalIds": [OURS],
        "orgUnitPath": "/Students/7",
        "languages": [{"languageCode": "el"}],
    }


def test_a_student_of_no_unit_and_no_language_is_put_at_the_top() -> None:
    body = directory_requests.create_body(NewAccount("a@school.example", "S1", "A", "B", "A B", None), "Kd7m-Wq3x")
    assert body["orgUnitPath"] == "/"
    assert "languages" not in body


@pytest.mark.parametrize("before", [[], [{**OURS, "value": "S0"}]], ids=["none of ours", "an old one of ours"])
def test_other_external_ids_stay_beside_the_marker(before: list[dict[str, str]]) -> None:
    assert directory_requests.external_ids("S1", beside={"externalIds": [*OTHERS, *before]}) == [*OTHERS, OURS]


@pytest.mark.parametrize(("others", "written"), [(OTHERS, OTHERS), ([], None)], ids=["beside others", "alone"])
def test_a_marker_is_taken_out_of_the_list_which_null_clears(
    others: list[dict[str, str]], written: list[dict[str, str]] | None
) -> None:
    assert directory_requests.unmarked_body({"externalIds": [OURS, *others]}) == {"externalIds": written}


def test_a_rename_says_nothing_but_the_new_address() -> None:
    assert directory_requests.rename_body("maria.bianchi@school.example") == {
        "primaryEmail": "maria.bianchi@school.example"
    }


@pytest.mark.parametrize(
    ("user", "is_alias"),
    [
        ({"primaryEmail": "a@school.example", "aliases": ["M.Rossi@school.example"]}, True),
        ({"primaryEmail": "m.rossi@school.example", "nonEditableAliases": ["m.rossi@school.example"]}, False),
        ({"primaryEmail": "a@school.example", "aliases": None}, False),
    ],
)
def test_an_alias_is_one_that_can_be_removed(user: dict[str, object], *, is_alias: bool) -> None:
    assert directory_requests.is_alias_of(user, "m.rossi@school.example") is is_alias


@pytest.mark.parametrize(
    ("user", "marker"),
    [
        ({"externalIds": [*OTHERS, OURS]}, "S1"),
        ({"externalIds": OTHERS}, None),
        ({"externalIds": None}, None),
        ({}, None),
    ],
)
def test_a_marker_is_an_external_id_of_our_own_type(user: dict[str, object], marker: str | None) -> None:
    assert directory_requests.marker_of(user) == marker


@pytest.mark.parametrize(
    ("marker", "written"), [("S1", "'S1'"), ("O'N 'x", r"'O\'N \'x'"), ("a\\b", r"'a\\b'"), ("a&b=c", "'a&b=c'")]
)
def test_a_search_says_what_was_meant_whatever_is_in_the_value(marker: str, written: str) -> None:
    url = urlsplit(directory_requests.users_with(GOOGLE, "my_customer", marker, deleted=False))
    assert url.path == "/admin/directory/v1/users"
    assert parse_qs(url.query) == {
        "customer": ["my_customer"],
        "query": [f"externalId={written}"],
        "fields": [f"kind,users({directory_requests.FIELDS})"],
    }


def test_deleted_users_are_looked_for_by_themselves() -> None:
    query = urlsplit(directory_requests.users_with(GOOGLE, "my_customer", "S1", deleted=True)).query
    assert parse_qs(query)["showDeleted"] == ["true"]


def test_keys_are_one_segment_of_the_path_each() -> None:
    path = "/admin/directory/v1/groups/7%2F8@school.example/members/a%3Fb@school.example"
    assert directory_requests.member(GOOGLE, "7/8@school.example", "a?b@school.example") == f"{GOOGLE}{path}"
