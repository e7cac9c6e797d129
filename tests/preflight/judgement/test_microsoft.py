"""What Entra's and Graph's answers mean for a check, where the simulator does not show it."""

import base64
import json
from typing import Any

import pytest

from consumer.http.answer import Answer
from consumer.preflight.judgement import microsoft
from consumer.preflight.judgement.answers import UNREACHED
from consumer.settings import SecretRef
from consumer.tenants import MicrosoftSection, Rule, Tenant
from tests.fakes.http import told
from tests.policy.tenants import tenant as a_tenant

DIRECTORY, SKU, GROUP = (f"{n}babcaad-604b-40ac-a9d7-9fd97c0b779f" for n in (1, 2, 3))
SECTION = MicrosoftSection(
    tenant_id=DIRECTORY, client_id=DIRECTORY, client_secret=SecretRef("env:SECRET"), usage_location="GR"
)
OURS = told(issuer=f"https://login.microsoftonline.com/{DIRECTORY.upper()}/v2.0")
MANAGED = told(account_type="Managed")


def token(claims: object) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "RS256"}, claims))
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "signature"])


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("AADSTS7000215", "microsoft.client_secret"),
        ("AADSTS7000222", "microsoft.client_secret"),
        ("AADSTS700016", "microsoft.client_id"),
        ("AADSTS700038", "microsoft.client_id"),
        ("AADSTS7000112", "microsoft.client_id"),
        ("AADSTS7000229", "microsoft.client_id"),
        ("AADSTS500011", "microsoft.graph_url"),
        ("AADSTS53003", "microsoft.client_id"),
        ("AADSTS700027", "microsoft"),
        ("AADSTS70021, AADSTS700213", "microsoft"),
        ("AADSTS999", "microsoft"),
        ("invalid_request", "microsoft"),
        (None, "microsoft"),
    ],
)
def test_a_refused_token_concerns_the_key_that_entra_s_number_names(code: str | None, place: str) -> None:
    assert ".".join(map(str, microsoft.of_refused_token(code).place)) == place


def test_a_number_that_is_not_known_here_can_be_looked_up() -> None:
    assert "error?code=999" in microsoft.of_refused_token("AADSTS999").right


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


def test_permissions_that_cannot_be_read_are_a_note() -> None:
    (note,) = microsoft.of_permissions(None, a_tenant())
    assert note.note


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        (OURS, None),
        (told(400, error="invalid_tenant"), "tenant_id"),
        (Answer(UNREACHED, {}, b"no route"), "authority_url"),
        (Answer(200, {}, b"<html>"), "authority_url"),
        (told(404), "authority_url"),
    ],
)
def test_the_directory_s_metadata_tells_whether_it_is_entra_and_knows_it(answer: Answer, place: str | None) -> None:
    assert [one.place[-1] for one in microsoft.of_directory(answer)] == ([place] if place else [])


@pytest.mark.parametrize(
    ("known", "realm", "wrong", "note"),
    [
        (OURS, MANAGED, None, False),
        (OURS, told(account_type="Federated"), "is federated", False),
        (OURS, told(account_type="Unknown"), "could not be checked", True),
        (OURS, Answer(UNREACHED), "could not be checked", True),
        (told(503), MANAGED, "could not be checked", True),
        (told(400), told(account_type="Unknown"), "is not verified", False),
        (told(issuer="https://login.microsoftonline.com/another/v2.0"), MANAGED, "is verified in another", False),
    ],
)
def test_a_domain_is_judged_by_its_directory_and_its_realm(
    known: Answer, realm: Answer, wrong: str | None, *, note: bool
) -> None:
    found = microsoft.of_domain(known, realm, a_tenant(), SECTION)
    assert [(one.wrong.startswith(wrong or "?"), one.note) for one in found] == ([(True, note)] if wrong else [])


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
def test_a_group_that_may_not_be_read_is_told_by_the_missing_permission(status: int) -> None:
    assert microsoft.of_group(told(status), ("rules", 0)) == []


def licensed() -> Tenant:
    return a_tenant(rules=(Rule(licences=(SKU.upper(),)),))


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"prepaidUnits": {"enabled": 10}, "consumedUnits": 9}, None),
        ({"prepaidUnits": {"enabled": 0, "warning": 10}, "consumedUnits": 9, "capabilityStatus": "Warning"}, None),
        ({"prepaidUnits": {"enabled": 10}, "consumedUnits": 10}, "none is left"),
        ({"prepaidUnits": {"enabled": 10}, "consumedUnits": 12}, "none is left"),
        ({"capabilityStatus": "Suspended"}, "suspended"),
        ({"capabilityStatus": "Deleted"}, "deleted"),
        ({"appliesTo": "Company"}, "whole organisation"),
    ],
)
def test_a_licence_is_there_and_left(row: dict[str, Any], wrong: str | None) -> None:
    found = list(microsoft.of_licences(told(value=[{"skuId": SKU, **row}]), licensed(), []))
    assert len(found) == (1 if wrong else 0)
    assert all(wrong is not None and wrong in one.wrong for one in found)


def test_licences_that_may_not_be_read_are_a_note_that_names_the_permission() -> None:
    roles = ["LicenseAssignment.ReadWrite.All"]
    (note,) = microsoft.of_licences(told(403), licensed(), roles)
    assert (note.note, "LicenseAssignment.Read.All" in note.right) == (True, True)


def test_licences_that_cannot_be_read_now_are_a_note() -> None:
    (note,) = microsoft.of_licences(told(503), licensed(), None)
    assert note.note
