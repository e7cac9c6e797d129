"""Every request to Google is one that its discovery document describes, under the scopes that are asked for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest

from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.policy.profile import ProfilePart
from consumer.providers.google.answers import fault_of
from consumer.providers.google.directory import GoogleDirectory
from consumer.providers.google.directory_requests import FIELDS, MARKER_TYPE
from consumer.providers.google.licence_answers import fault_of as licence_fault_of
from consumer.providers.google.scopes import LICENSING
from consumer.providers.google.tokens import scopes_of
from consumer.providers.port import Directory
from consumer.settings import SecretRef
from consumer.tenants import GoogleSection
from testbed.fakes.http import ScriptedHttp, json_answer
from tests.contracts.described import GOOGLE, GOOGLE_LICENSING
from tests.contracts.requests import google_method, to_google
from tests.contracts.tally import REQUESTS
from tests.providers.people import DOMAIN, MARIA, PASSWORD, maria
from tests.providers.recorded import PORT, Scene, recorded
from tests.providers.scripted import scripted_api
from tests.providers.units import until_there

BASE = GOOGLE["rootUrl"].rstrip("/")
LICENSING_BASE = GOOGLE_LICENSING["rootUrl"].rstrip("/")
SECTION = GoogleSection(
    service_account=SecretRef("env:KEY"),
    admin_subject=f"it-admin@{DOMAIN}",
    directory_url=BASE,
    licensing_url=LICENSING_BASE,
    create_org_units=True,
)
SCOPES = scopes_of(SECTION)
KEY, GROUP = "100000000000000000001", f"school@{DOMAIN}"
LIST = "admin#directory#users"
USER, DONE = json_answer(id=KEY, primaryEmail=MARIA, isAdmin=False, isDelegatedAdmin=False), Answer(204)
MARKED = json_answer(id=KEY, externalIds=[{"type": "custom", "customType": MARKER_TYPE, "value": "S1"}])
ALIASED = json_answer(id=KEY, primaryEmail=f"maria.bianchi@{DOMAIN}", aliases=[MARIA])
CONFLICT = json_answer(
    409, error={"code": 409, "message": "Member already exists.", "errors": [{"reason": "duplicate"}]}
)

NOT_FOUND = json_answer(
    404, error={"code": 404, "message": "Resource Not Found: memberKey", "errors": [{"reason": "notFound"}]}
)
NO_UNIT = json_answer(
    400, error={"code": 400, "message": "Invalid Input: INVALID_OU_ID", "errors": [{"reason": "invalid"}]}
)
UNIT = json_answer(kind="admin#directory#orgUnit", orgUnitPath="/Leavers")
OLD, NEW = "101031/1010310005", "101031/1010310008"
NOT_ASSIGNED = json_answer(
    404, error={"code": 404, "message": "Resource Not Found: userId", "errors": [{"reason": "notFound"}]}
)
ASSIGNED = json_answer(kind="licensing#licenseAssignment", userId=MARIA, productId="101031", skuId="1010310008")
OWN, LICENSED = json_answer(id=KEY, customerId="C0000000"), "licensing#licenseAssignmentList"
CHANGES = {part: "el" for part in ProfilePart if part is not ProfilePart.DISPLAY_NAME}


async def list_all(directory: Directory) -> None:
    """Both lists, the first of them on two pages."""
    following = (await directory.list_accounts(None, deleted=False, timeout=5)).following
    await directory.list_accounts(following, deleted=False, timeout=5)
    await directory.list_accounts(None, deleted=True, timeout=5)


SCENES = {
    "find_marked": Scene(
        lambda d: d.find_marked("S1", timeout=5), [json_answer(kind=LIST, users=[USER.json()]), json_answer(kind=LIST)]
    ),
    "find_address": Scene(lambda d: d.find_address(MARIA, timeout=5), [USER]),
    "read": Scene(lambda d: d.read(KEY, timeout=5), [USER]),
    "groups_of": Scene(lambda d: d.groups_of(KEY, [GROUP], timeout=5), [json_answer(id=KEY)]),
    "list_accounts": Scene(
        list_all, [json_answer(kind=LIST, nextPageToken="x"), json_answer(kind=LIST), json_answer(kind=LIST)]
    ),
    "list_members": Scene(
        lambda d: d.list_members(GROUP, "x", timeout=5), [json_answer(kind="admin#directory#members")]
    ),
    "list_admin_unit_members": Scene(lambda d: d.list_admin_unit_members(GROUP, None, timeout=5), []),
    "licences_of": Scene(lambda d: d.licences_of(KEY, [OLD, NEW], timeout=5), [USER, NOT_ASSIGNED, ASSIGNED]),
    "list_licensed": Scene(lambda d: d.list_licensed(NEW, "x", timeout=5), [OWN, json_answer(kind=LICENSED)]),
    "is_privileged": Scene(lambda d: d.is_privileged(KEY, timeout=5), [USER]),
    "create": Scene(lambda d: d.create(maria(), PASSWORD, timeout=5), [USER]),
    "mark": Scene(lambda d: d.mark(KEY, "S1", timeout=5), [USER, USER]),
    "restore": Scene(lambda d: d.restore(KEY, org_unit=None, timeout=5), [DONE]),
    "assign_licences": Scene(
        lambda d: d.assign_licences(KEY, [NEW], replaces=[OLD], timeout=5), [USER, NOT_ASSIGNED, ASSIGNED]
    ),
    "add_to_group": Scene(lambda d: d.add_to_group(KEY, GROUP, timeout=5), [CONFLICT, json_answer(id=KEY)]),
    "remove_from_group": Scene(lambda d: d.remove_from_group(KEY, GROUP, timeout=5), [NOT_FOUND, NOT_FOUND]),
    "join_admin_unit": Scene(lambda d: d.join_admin_unit(KEY, GROUP, timeout=5), []),
    "leave_admin_unit": Scene(lambda d: d.leave_admin_unit(KEY, GROUP, timeout=5), []),
    "update": Scene(lambda d: d.update(KEY, CHANGES, timeout=5), [USER]),
    "rename": Scene(lambda d: d.rename(KEY, MARIA, timeout=5), [CONFLICT, ALIASED, DONE, USER]),
    "suspend": Scene(lambda d: d.suspend(KEY, timeout=5), [USER]),
    "reactivate": Scene(lambda d: d.reactivate(KEY, timeout=5), [USER]),
    "end_sessions": Scene(lambda d: d.end_sessions(KEY, timeout=5), []),
    "remove_licences": Scene(lambda d: d.remove_licences(KEY, [NEW], timeout=5), [USER, json_answer()]),
    "delete": Scene(lambda d: d.delete(KEY, timeout=5), [DONE]),
    "release": Scene(lambda d: d.release(KEY, timeout=5), [MARKED, USER]),
    "move": Scene(
        lambda d: until_there(lambda: d.move(KEY, "/Leavers/2026 a", timeout=5)),
        [NO_UNIT, NOT_FOUND, NOT_FOUND, UNIT, UNIT, USER],
    ),
    "was_used": Scene(lambda d: d.was_used(KEY, password_set_at=None, timeout=5), [USER]),
    "replace_password": Scene(lambda d: d.replace_password(KEY, PASSWORD, timeout=5), [USER]),
}


def _recorded(scenes: Mapping[str, Scene]) -> Sequence[Call]:
    return recorded(scenes, _directory)


def _directory(http: ScriptedHttp) -> GoogleDirectory:
    licensing = scripted_api(http, licence_fault_of, base_url=LICENSING_BASE)
    return GoogleDirectory(SECTION, scripted_api(http, fault_of, base_url=BASE), licensing)


@pytest.fixture(scope="module")
def calls() -> Sequence[Call]:
    assert SCENES.keys() == PORT
    return _recorded(SCENES)


def method(call: Call) -> Mapping[str, Any]:
    return google_method(call.method, urlsplit(call.url).path)


def body(call: Call) -> dict[str, Any]:
    return json.loads(call.content or b"{}")


def demanded(schema: Mapping[str, Any], by: str, where: str = "") -> Iterator[str]:
    """The fields that a method demands, those of inner objects too."""
    for name, field in GOOGLE["schemas"][schema["$ref"]]["properties"].items():
        if by in field.get("annotations", {}).get("required", ()):
            yield f"{where}{name}"
            if "$ref" in field:
                yield from demanded(field, by, f"{where}{name}.")


@pytest.mark.contract(REQUESTS)
@pytest.mark.parametrize("name", SCENES)
def test_every_request_is_described(name: str) -> None:
    for call in _recorded({name: SCENES[name]}):
        sent = urlsplit(call.url)
        assert not list(to_google(call.method, f"{sent.path}?{sent.query}", (call.content or b"").decode()))


def test_a_creation_holds_what_google_demands(calls: Sequence[Call]) -> None:
    (creation,) = (call for call in calls if method(call)["id"] == "directory.users.insert")
    sent = body(creation)
    names = {*sent, *(f"name.{name}" for name in sent["name"])}
    assert set(demanded(method(creation)["request"], "directory.users.insert")) <= names


def test_an_assignment_holds_what_google_demands(calls: Sequence[Call]) -> None:
    (insertion,) = (call for call in calls if method(call)["id"] == "licensing.licenseAssignments.insert")
    required = GOOGLE_LICENSING["schemas"]["LicenseAssignmentInsert"]["properties"]
    assert body(insertion).keys() == required.keys()


def test_only_fields_that_users_have_are_asked_for() -> None:
    assert set(FIELDS.split(",")) <= GOOGLE["schemas"]["User"]["properties"].keys()


def asked_for(call: Call) -> set[str]:
    """The scopes of the token that the call bears."""
    return set(LICENSING if method(call)["id"].startswith("licensing.") else SCOPES)


def test_each_call_is_open_to_one_of_its_scopes_and_each_scope_opens_one(calls: Sequence[Call]) -> None:
    opened = [asked_for(call) & set(method(call)["scopes"]) for call in calls]
    assert all(opened)
    assert {scope for scopes in opened for scope in scopes} == {*SCOPES, *LICENSING}


def test_no_wider_scope_is_asked_for_where_a_narrower_one_would_do(calls: Sequence[Call]) -> None:
    for scope in (*SCOPES, *LICENSING):
        open_to = [set[str](method(call)["scopes"]) for call in calls if scope in method(call)["scopes"]]
        would_do = open_to[0].intersection(*open_to)
        assert not {other for other in would_do if other.startswith(f"{scope}.")}
