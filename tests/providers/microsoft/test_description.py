"""Every request to Graph is one that Microsoft describes, and asks for no more than it needs.

`PAGES` names the page of Microsoft's that each request was checked against.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.policy.profile import ProfilePart
from consumer.providers.microsoft.answers import fault_of
from consumer.providers.microsoft.directory import FOR_ADMIN_UNITS, PERMISSIONS, MicrosoftDirectory
from consumer.providers.port import Directory
from consumer.settings import SecretRef
from consumer.tenants import MicrosoftSection
from testbed.fakes.http import json_answer
from tests.contracts.described import GRAPH, GRAPH_PERMISSIONS, described
from tests.contracts.requests import to_graph
from tests.contracts.tally import REQUESTS
from tests.providers.people import MARIA, PASSWORD, maria
from tests.providers.recorded import PORT, Scene, recorded
from tests.providers.scripted import scripted_api

BASE = "https://graph.example"
OBJECT, GROUP, SKU = (f"{n}babcaad-604b-40ac-a9d7-9fd97c0b779f" for n in (1, 2, 3))
SECTION = MicrosoftSection(
    tenant_id=OBJECT, client_id=OBJECT, client_secret=SecretRef("env:SECRET"), usage_location="GR", graph_url=BASE
)
USER, DONE = json_answer(id=OBJECT, employeeId="S1", userPrincipalName=MARIA), Answer(204)
NO_LOCATION = json_answer(
    400,
    error={
        "code": "Request_BadRequest",
        "message": "License assignment cannot be done for user with invalid usage location.",
    },
)
LACKS_ONE = json_answer(
    400, error={"code": "Request_BadRequest", "message": "User does not have a corresponding license."}
)
LICENSED = json_answer(id=OBJECT, assignedLicenses=[{"skuId": SKU}])
NO_SUCH_USER = json_answer(
    404, error={"code": "Request_ResourceNotFound", "message": f"Resource '{OBJECT}' does not exist."}
)
CHANGES = dict.fromkeys(ProfilePart, "Rossi")
ONE, NONE = json_answer(value=[USER.json()]), json_answer(value=[])
CONTINUED: Mapping[str, Any] = {"@odata.nextLink": f"{BASE}/v1.0/users?$top=999"}


async def list_all(directory: Directory) -> None:
    """Both lists, the first of them on two pages."""
    following = (await directory.list_accounts(None, deleted=False, timeout=5)).following
    await directory.list_accounts(following, deleted=False, timeout=5)
    await directory.list_accounts(None, deleted=True, timeout=5)


SCENES = {
    "find_marked": Scene(lambda d: d.find_marked("S1", timeout=5), [ONE, NONE]),
    "find_address": Scene(lambda d: d.find_address(MARIA, timeout=5), [ONE]),
    "read": Scene(lambda d: d.read(OBJECT, timeout=5), [USER]),
    "groups_of": Scene(lambda d: d.groups_of(OBJECT, [GROUP], timeout=5), [NONE]),
    "list_accounts": Scene(list_all, [json_answer(value=[], **CONTINUED), NONE, NONE]),
    "list_members": Scene(lambda d: d.list_members(GROUP, None, timeout=5), [NONE]),
    "list_admin_unit_members": Scene(lambda d: d.list_admin_unit_members(GROUP, None, timeout=5), [NONE]),
    "licences_of": Scene(lambda d: d.licences_of(OBJECT, [SKU], timeout=5), [USER]),
    "list_licensed": Scene(lambda d: d.list_licensed(SKU, None, timeout=5), []),
    "is_privileged": Scene(lambda d: d.is_privileged(OBJECT, timeout=5), [NONE, NONE, NONE]),
    "create": Scene(
        lambda d: d.create(maria(), PASSWORD, timeout=5), [json_answer(201, id=OBJECT), json_answer(id=OBJECT), DONE]
    ),
    "mark": Scene(lambda d: d.mark(OBJECT, "S1", timeout=5), [DONE]),
    "restore": Scene(lambda d: d.restore(OBJECT, org_unit=None, timeout=5), [USER]),
    "assign_licences": Scene(lambda d: d.assign_licences(OBJECT, [SKU], timeout=5), [NO_LOCATION, USER, DONE, USER]),
    "add_to_group": Scene(lambda d: d.add_to_group(OBJECT, GROUP, timeout=5), [DONE]),
    "remove_from_group": Scene(lambda d: d.remove_from_group(OBJECT, GROUP, timeout=5), [NO_SUCH_USER, NONE]),
    "join_admin_unit": Scene(lambda d: d.join_admin_unit(OBJECT, GROUP, timeout=5), [DONE]),
    "leave_admin_unit": Scene(lambda d: d.leave_admin_unit(OBJECT, GROUP, timeout=5), [NO_SUCH_USER, NONE]),
    "update": Scene(lambda d: d.update(OBJECT, CHANGES, timeout=5), [DONE]),
    "rename": Scene(lambda d: d.rename(OBJECT, MARIA, timeout=5), [DONE]),
    "suspend": Scene(lambda d: d.suspend(OBJECT, timeout=5), [DONE]),
    "reactivate": Scene(lambda d: d.reactivate(OBJECT, timeout=5), [DONE]),
    "end_sessions": Scene(lambda d: d.end_sessions(OBJECT, timeout=5), [DONE]),
    "remove_licences": Scene(lambda d: d.remove_licences(OBJECT, [SKU, GROUP], timeout=5), [LACKS_ONE, LICENSED, USER]),
    "delete": Scene(lambda d: d.delete(OBJECT, timeout=5), [DONE]),
    "release": Scene(lambda d: d.release(OBJECT, timeout=5), [DONE]),
    "move": Scene(lambda d: d.move(OBJECT, "/Leavers", timeout=5), []),
    "was_used": Scene(lambda d: d.was_used(OBJECT, password_set_at=None, timeout=5), [USER]),
    "replace_password": Scene(lambda d: d.replace_password(OBJECT, PASSWORD, timeout=5), [DONE]),
}

REVOKE = ("POST", "/users/{id}/revokeSignInSessions")
ADD_MEMBER = ("POST", "/groups/{id}/members/$ref")
REMOVE_MEMBER = ("DELETE", "/groups/{id}/members/{id_1}/$ref")
JOIN_UNIT = ("POST", "/directory/administrativeUnits/{id}/members/$ref")
LEAVE_UNIT = ("DELETE", "/directory/administrativeUnits/{id}/members/{id_1}/$ref")
UNIT_MEMBERS = ("GET", "/directory/administrativeUnits/{id_1}/members")
MEMBERSHIPS = ("GET", "/users/{id}/transitiveMemberOf")
ASSIGNMENTS = ("GET", "/roleManagement/directory/roleAssignments")
ELIGIBILITIES = ("GET", "/roleManagement/directory/roleEligibilityScheduleInstances")
DELETED = ("GET", "/directory/deletedItems")
MEMBERS = ("GET", "/groups/{id}/members")

NOT_IN_THE_DESCRIPTION = {
    ADD_MEMBER,
    REMOVE_MEMBER,
    JOIN_UNIT,
    LEAVE_UNIT,
    REVOKE,
    MEMBERSHIPS,
    ASSIGNMENTS,
    ELIGIBILITIES,
}
"""The cut description has neither references nor roles; the pages below describe them."""

PAGES = {
    ("POST", "/users"): "Create user",
    ("GET", "/users"): "List users; Advanced query capabilities on Microsoft Entra ID objects",
    ("GET", "/users/{id}"): "Get a user",
    ("PATCH", "/users/{id}"): "Update user",
    ("DELETE", "/users/{id}"): "Delete a user: soft, for 30 days; by an application not an administrator's",
    ("POST", "/users/{id}/assignLicense"): "user: assignLicense",
    REVOKE: "user: revokeSignInSessions",
    MEMBERSHIPS: "List a user's memberships (direct and transitive): a cast, or any parameter, makes it an advanced query",
    ASSIGNMENTS: "List unifiedRoleAssignments: `$filter` by principalId, RoleManagement.Read.Directory",
    ELIGIBILITIES: "List roleEligibilityScheduleInstances: `$filter` by principalId, RoleManagement.Read.Directory",
    REMOVE_MEMBER: "Remove member: `$ref`, else the user itself is deleted; GroupMember.ReadWrite.All",
    ADD_MEMBER: "Add members: GroupMember.ReadWrite.All",
    JOIN_UNIT: "Add a member (administrativeUnit): an existing user by `$ref`; AdministrativeUnit.ReadWrite.All",
    LEAVE_UNIT: "Remove a member (administrativeUnit): AdministrativeUnit.ReadWrite.All",
    UNIT_MEMBERS: "List members (administrativeUnit): AdministrativeUnit.Read.All or one that reads and writes them",
    MEMBERS: "List group members: direct ones, GroupMember.Read.All or one that reads and writes them",
    DELETED: "List deletedItems: the type's segment is required, its filters hold; User.Read.All",
    ("POST", "/directory/deletedItems/{id_1}/restore"): "Restore deleted item",
}


def _recorded(scenes: Mapping[str, Scene]) -> Sequence[Call]:
    return recorded(scenes, lambda http: MicrosoftDirectory(SECTION, scripted_api(http, fault_of, base_url=BASE)))


@pytest.fixture(scope="module")
def calls() -> Sequence[Call]:
    assert SCENES.keys() == PORT
    return _recorded(SCENES)


def path(call: Call) -> str:
    """Below the version. The description writes deleted items without their type's segment, which the real service demands."""
    return urlsplit(call.url).path.removeprefix("/v1.0").replace("deletedItems/microsoft.graph.user", "deletedItems")


def operation(call: Call) -> tuple[str, str]:
    return call.method, described(path(call), [*GRAPH["paths"], *(path for _, path in NOT_IN_THE_DESCRIPTION)])


@pytest.mark.contract(REQUESTS)
@pytest.mark.parametrize("name", SCENES)
def test_every_request_is_described(name: str) -> None:
    for call in _recorded({name: SCENES[name]}):
        sent = urlsplit(call.url)
        assert not list(to_graph(call.method, f"{sent.path}?{sent.query}", (call.content or b"").decode()))


def test_every_request_was_checked_against_a_page(calls: Sequence[Call]) -> None:
    assert {operation(call) for call in calls} == PAGES.keys()


def test_a_member_is_added_by_a_reference(calls: Sequence[Call]) -> None:
    (join,) = (call for call in calls if operation(call) == ADD_MEMBER)
    assert json.loads(join.content or b"") == {"@odata.id": f"{BASE}/v1.0/directoryObjects/{OBJECT}"}


def test_an_account_joins_an_administrative_unit_by_a_reference(calls: Sequence[Call]) -> None:
    (join,) = (call for call in calls if operation(call) == JOIN_UNIT)
    assert json.loads(join.content or b"") == {"@odata.id": f"{BASE}/v1.0/directoryObjects/{OBJECT}"}


def test_pages_are_as_large_as_graph_allows(calls: Sequence[Call]) -> None:
    listed = [call for call in calls if call.operation in {"list", "list_members"}]
    assert {parse_qs(urlsplit(call.url).query)["$top"][0] for call in listed} == {"999"}


def test_memberships_are_asked_for_without_a_cast_and_without_parameters(calls: Sequence[Call]) -> None:
    asked, *others = {urlsplit(call.url) for call in calls if operation(call) == MEMBERSHIPS}
    assert others == []
    assert (asked.path.rpartition("/")[2], asked.query) == ("transitiveMemberOf", "")


def test_roles_are_asked_for_by_the_account_s_id(calls: Sequence[Call]) -> None:
    asked = [call for call in calls if operation(call) in {ASSIGNMENTS, ELIGIBILITIES}]
    assert [parse_qs(urlsplit(call.url).query) for call in asked] == [{"$filter": [f"principalId eq '{OBJECT}'"]}] * 2


@pytest.mark.parametrize("marker", ["extensionAttribute3", "extension_b7d8e648520f41d3b9c0fdeb91768a0a_student"])
def test_an_advanced_query_has_its_header_and_its_count_on_live_and_deleted_users(marker: str) -> None:
    section = SECTION.model_copy(update={"marker": marker})
    found = recorded(SCENES, lambda http: MicrosoftDirectory(section, scripted_api(http, fault_of, base_url=BASE)))
    searches = [call for call in found if "eq%20%27S1%27" in call.url]
    assert {operation(call) for call in searches} == {("GET", "/users"), DELETED}
    for call in searches:
        assert call.headers["ConsistencyLevel"] == "eventual"
        assert parse_qs(urlsplit(call.url).query)["$count"] == ["true"]


def test_only_properties_that_users_have_are_asked_for_and_looked_at(calls: Sequence[Call]) -> None:
    user = GRAPH["components"]["schemas"]["microsoft.graph.user"]["properties"]
    for call in calls:
        query = parse_qs(urlsplit(call.url).query)
        assert {name for names in query.get("$select", ()) for name in names.split(",")} <= {*user, "id"}


def test_a_creation_holds_what_microsoft_s_page_demands(calls: Sequence[Call]) -> None:
    (creation,) = (call for call in calls if operation(call) == ("POST", "/users"))
    demanded = {"accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile"}
    assert demanded <= json.loads(creation.content or b"").keys()


# --- permissions ---

BEYOND_THE_TABLE = {
    "GroupMember.ReadWrite.All": "the table has no references to members",
    "RoleManagement.Read.Directory": "the table has neither role assignments nor eligibilities; their pages name it",
    "User-PasswordProfile.ReadWrite.All": "the table has one row for all of PATCH; passwords take this besides",
}


def allowing(call: Call) -> Mapping[str, bool]:
    """The permissions that let the call through, and whether each is the least."""
    rows = {row.partition(" ")[2] for row in GRAPH_PERMISSIONS if row.startswith(f"{call.method} ")}
    return GRAPH_PERMISSIONS[f"{call.method} {described(path(call), rows)}"]


def in_the_table(calls: Sequence[Call]) -> Sequence[Call]:
    beside = {
        ADD_MEMBER,
        REMOVE_MEMBER,
        ASSIGNMENTS,
        ELIGIBILITIES,
        DELETED,
        MEMBERS,
        JOIN_UNIT,
        LEAVE_UNIT,
        UNIT_MEMBERS,
    }
    return [call for call in calls if operation(call) not in beside]


def test_each_call_is_let_through_by_a_permission_that_is_the_least_for_it(calls: Sequence[Call]) -> None:
    for call in in_the_table(calls):
        least = {permission for permission, is_least in allowing(call).items() if is_least}
        assert least & PERMISSIONS.keys(), operation(call)


def test_members_are_read_with_the_permission_that_changes_them(calls: Sequence[Call]) -> None:
    (listed,) = [call for call in calls if operation(call) == MEMBERS]
    assert allowing(listed).keys() & PERMISSIONS.keys() == {"GroupMember.ReadWrite.All"}


def test_units_are_read_and_left_with_the_permission_that_joins_them(calls: Sequence[Call]) -> None:
    """The table has no reference to join by: the page names this permission alone."""
    (listed,) = [call for call in calls if operation(call) == UNIT_MEMBERS]
    (left,) = [call for call in calls if operation(call) == LEAVE_UNIT]
    allowing_left = GRAPH_PERMISSIONS["DELETE /directory/administrativeunits/{id}/members/{id}"]
    assert FOR_ADMIN_UNITS.keys() == allowing_left.keys()
    assert allowing(listed).keys() & {*PERMISSIONS, *FOR_ADMIN_UNITS} == FOR_ADMIN_UNITS.keys()
    assert path(left).endswith("/$ref")


def test_no_permission_is_asked_for_without_a_call_that_needs_it(calls: Sequence[Call]) -> None:
    needed = {permission for call in in_the_table(calls) for permission, least in allowing(call).items() if least}
    assert PERMISSIONS.keys() - needed == BEYOND_THE_TABLE.keys()
