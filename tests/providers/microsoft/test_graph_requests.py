"""Bodies and URLs as Graph wants them."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from consumer.providers.microsoft import graph_requests
from consumer.providers.microsoft.marker_field import MarkerField
from consumer.providers.port import NewAccount

GRAPH = "https://graph.example"
EXTENSION = "extension_b7d8e648520f41d3b9c0fdeb91768a0a_student"
EMPLOYEE_ID = MarkerField("employeeId")
MARIA = NewAccount("maria.rossi@school.example", "S1", "Maria", "Rossi", "Maria Rossi", "el")


def test_one_call_carries_everything_that_an_account_needs() -> None:
    assert graph_requests.create_body(MARIA, "Kd7m-Wq3x", usage_location="GR", marker=EMPLOYEE_ID) == {
        "accountEnabled": True,
        "displayName": "Maria Rossi",
        "givenName": "Maria",
        "surname": "Rossi",
        "mailNickname": "maria.rossi",
        "userPrincipalName": "maria.rossi@school.example",
        "passwordProfile": {"password": "Kd7m-Wq3x", "forceChangePasswordNextSignIn": True},
        "usageLocation": "GR",
        "employeeId": "S1",
        "preferredLanguage": "el",
    }


def test_what_a_student_does_not_have_is_left_out_since_graph_refuses_empty_texts() -> None:
    mononym = NewAccount("madonna@school.example", "S1", "", "Madonna", "Madonna", None)
    body = graph_requests.create_body(mononym, "Kd7m-Wq3x", usage_location="GR", marker=EMPLOYEE_ID)
    assert "" not in body.values()
    assert not {"givenName", "preferredLanguage"} & body.keys()


@pytest.mark.parametrize(
    ("local", "nickname"), [("o'neill", "oneill"), ("a!#^~b", "ab"), ("x" * 70, "x" * 64), ("ann_lee-2", "ann_lee-2")]
)
def test_a_nickname_is_the_address_s_local_part_without_what_it_may_not_hold(local: str, nickname: str) -> None:
    account = NewAccount(f"{local}@school.example", "S1", "A", "B", "A B", None)
    assert (
        graph_requests.create_body(account, "Kd7m-Wq3x", usage_location="GR", marker=EMPLOYEE_ID)["mailNickname"]
        == nickname
    )


def test_a_rename_derives_the_nickname_as_a_creation_does() -> None:
    assert graph_requests.rename_body("mary.o'neill@school.example") == {
        "mailNickname": "mary.oneill",
        "userPrincipalName": "mary.o'neill@school.example",
    }


@pytest.mark.parametrize("marker", ["S1", "O'N 'x", "a&b=c", "ž/ü?#", "100%"])
def test_a_condition_says_what_was_meant_whatever_is_in_the_value(marker: str) -> None:
    url = urlsplit(graph_requests.users_marked(GRAPH, EMPLOYEE_ID, marker))
    doubled = marker.replace("'", "''")
    assert url.path == "/v1.0/users"
    assert parse_qs(url.query) == {
        "$filter": [f"employeeId eq '{doubled}'"],
        "$select": [graph_requests.selection(EMPLOYEE_ID)],
    }


@pytest.mark.parametrize(
    ("name", "condition", "selected"),
    [
        ("extensionAttribute7", "onPremisesExtensionAttributes/extensionAttribute7 eq '~A'", "onPremisesExtensionAttributes"),
        (EXTENSION, f"{EXTENSION} eq '~A'", EXTENSION),
    ],
)  # fmt: skip
@pytest.mark.parametrize("make", [graph_requests.users_marked, graph_requests.deleted_users_marked])
def test_extensions_are_searched_by_advanced_queries(
    make: Callable[[str, MarkerField, str], str], name: str, condition: str, selected: str
) -> None:
    query = parse_qs(urlsplit(make(GRAPH, MarkerField(name), "~A")).query)
    assert (query["$filter"], query["$count"]) == ([condition], ["true"])
    assert query["$select"][0].split(",")[-1] == selected


@pytest.mark.parametrize(
    ("user", "guest"),
    [
        ({"userType": "Guest"}, True),
        ({"userType": "Member", "userPrincipalName": "eve_home.example#EXT#@school.example"}, True),
        ({"userType": "Member", "creationType": "Invitation"}, True),
        ({"userType": "Member", "userPrincipalName": "maria@school.example", "creationType": None}, False),
        ({"userType": None}, False),
    ],
)
def test_a_guest_is_known_by_its_type_its_invitation_or_its_name(user: dict[str, str | None], *, guest: bool) -> None:
    assert graph_requests.is_guest(user) is guest


def test_holders_are_looked_for_by_sign_in_name_and_by_mail_address() -> None:
    (condition,) = parse_qs(urlsplit(graph_requests.holders_of(GRAPH, "o'neill@x.example", EMPLOYEE_ID)).query)[
        "$filter"
    ]
    assert condition == (
        "userPrincipalName eq 'o''neill@x.example' or proxyAddresses/any(a:a eq 'smtp:o''neill@x.example')"
    )


@pytest.mark.parametrize(
    "make", [graph_requests.user, graph_requests.restore, graph_requests.members, graph_requests.memberships]
)
def test_an_id_is_one_segment_of_the_path(make: Callable[[str, str], str]) -> None:
    assert "/a%2F..%3F%23b" in make(GRAPH, "a/..?#b")


def test_a_reference_to_a_member_is_on_the_cloud_s_own_host() -> None:
    assert graph_requests.member_body("https://graph.microsoft.us", "o1") == {
        "@odata.id": "https://graph.microsoft.us/v1.0/directoryObjects/o1"
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00.1234567Z", datetime(2026, 1, 1, microsecond=123_456, tzinfo=UTC)),
        ("2026-01-01T02:00:00+02:00", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1_767_225_600, None),
    ],
)
def test_a_moment_is_read_where_there_is_one(text: object, moment: datetime | None) -> None:
    assert graph_requests.moment(text) == moment
