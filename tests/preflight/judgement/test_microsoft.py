"""What a token and Graph's answers mean for a check, where the simulator does not show it."""

import base64
import json
from typing import Any

import pytest

from consumer.events import ProviderAction
from consumer.http.answer import Answer
from consumer.preflight.judgement import microsoft
from consumer.providers.microsoft.directory import FOR_ADMIN_UNITS
from consumer.tenants import Rule, StatusRow, Tenant
from testbed.fakes.http import json_answer
from tests.policy.tenants import tenant as a_tenant

SKU, GROUP = (f"{n}babcaad-604b-40ac-a9d7-9fd97c0b779f" for n in (1, 2))


def token(claims: object) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "signature"])


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        (token({"roles": ["User.Read.All"]}), {"User.Read.All"}),
        (token({"aud": "graph"}), set[str]()),
        ("opaque", None),
        ("a.!!.c", None),
        (token(["no", "object"]), None),
        (token({"roles": "no list"}), None),
    ],
)
def test_permissions_are_read_from_a_token_where_it_shows_them(text: str, roles: set[str] | None) -> None:
    assert microsoft.roles_in(text) == roles


@pytest.mark.parametrize("action", [ProviderAction.SUSPEND_ACCOUNT, ProviderAction.DELETE_ACCOUNT])
def test_sessions_are_ended_with_each_action_that_suspends(action: ProviderAction) -> None:
    row = StatusRow(id="left", name="Left", type="Left", provider_action=action)
    assert "User.RevokeSessions.All" not in microsoft.needed(a_tenant())
    assert "User.RevokeSessions.All" in microsoft.needed(a_tenant().model_copy(update={"statuses": (row,)}))


def test_permissions_that_cannot_be_read_are_a_note() -> None:
    (note,) = microsoft.of_permissions(None, a_tenant())
    assert note.note


@pytest.mark.parametrize(
    ("properties", "wrong"),
    [
        ({}, None),
        ({"mailEnabled": True, "groupTypes": ["Unified"]}, None),
        ({"mailEnabled": True}, "mail-enabled"),
        ({"groupTypes": ["DynamicMembership"]}, "dynamic"),
        ({"groupTypes": ["Unified", "DynamicMembership"], "mailEnabled": True}, "dynamic"),
        ({"isAssignableToRole": True}, "roles"),
        ({"onPremisesSyncEnabled": True, "mailEnabled": True}, "synchronised"),
    ],
)
def test_a_group_takes_members_through_graph_or_says_why_not(properties: dict[str, Any], wrong: str | None) -> None:
    shown: dict[str, Any] = {"id": GROUP, "groupTypes": [], "mailEnabled": False, **properties}
    group = Answer(200, {}, json.dumps(shown).encode())
    found = microsoft.of_group(group, ("rules", 0))
    assert [wrong in one.wrong for one in found if wrong] == ([True] if wrong else [])
    assert len(found) == (1 if wrong else 0)


@pytest.mark.parametrize("status", [401, 403])
def test_a_group_that_may_not_be_read_is_reported_by_the_missing_permission(status: int) -> None:
    assert microsoft.of_group(json_answer(status), ("rules", 0)) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_unit_that_may_not_be_read_is_reported_by_the_missing_permission(status: int) -> None:
    assert microsoft.of_admin_unit(json_answer(status), ("rules", 0)) == []


def test_a_unit_that_could_not_be_read_is_a_note() -> None:
    (note,) = microsoft.of_admin_unit(json_answer(503), ("rules", 0))
    assert note.note


def test_units_take_a_permission_where_a_rule_names_one() -> None:
    assert FOR_ADMIN_UNITS.keys().isdisjoint(microsoft.needed(a_tenant()))
    assert FOR_ADMIN_UNITS.keys() <= microsoft.needed(a_tenant(rules=(Rule(admin_unit=GROUP),))).keys()


def licensed() -> Tenant:
    return a_tenant(rules=(Rule(licences=(SKU.upper(),)),))


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"prepaidUnits": {"enabled": 10}, "consumedUnits": 9}, None),
        ({"prepaidUnits": {"enabled": 0, "warning": 10}, "consumedUnits": 9, "capabilityStatus": "Warning"}, None),
        ({"prepaidUnits": {"enabled": 10}, "consumedUnits": 10}, "no units left"),
        ({"prepaidUnits": {"enabled": 10}, "consumedUnits": 12}, "no units left"),
        ({"capabilityStatus": "Suspended"}, "suspended"),
        ({"capabilityStatus": "Deleted"}, "deleted"),
        ({"appliesTo": "Company"}, "whole organisation"),
    ],
)
def test_a_licence_is_there_and_left(row: dict[str, Any], wrong: str | None) -> None:
    found = list(microsoft.of_licences(json_answer(value=[{"skuId": SKU, **row}]), licensed(), []))
    assert len(found) == (1 if wrong else 0)
    assert all(wrong is not None and wrong in one.wrong for one in found)


def test_licences_that_may_not_be_read_are_a_note_that_names_the_permission() -> None:
    roles = ["LicenseAssignment.ReadWrite.All"]
    (note,) = microsoft.of_licences(json_answer(403), licensed(), roles)
    assert (note.note, "LicenseAssignment.Read.All" in note.right) == (True, True)


def test_licences_that_cannot_be_read_now_are_a_note() -> None:
    (note,) = microsoft.of_licences(json_answer(503), licensed(), None)
    assert note.note
