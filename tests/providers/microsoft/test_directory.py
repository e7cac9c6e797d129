"""What Graph's directory does beyond what every directory keeps."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumer.errors import AddressTaken, GiveUp, Hold, NotYet, OutcomeUnknown, Reason, Scope, Unavailable
from consumer.events import SignOnIdentity
from consumer.policy.profile import ProfilePart
from consumer.providers.port import Directory
from consumer.tenants import Tenant
from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.directory import Directory as Entra
from sandbox.simulators.graph.groups import GroupKind, GroupTraits
from sandbox.simulators.graph.permissions import FOR_ADMIN_UNITS, GRANTED
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.units import UnitTraits
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import SKU, Quirks
from sandbox.simulators.world import World
from tests.providers.conftest import NORTH, answers
from tests.providers.people import DOMAIN, MARIA, PASSWORD, maria

MARRIED = f"maria.bianchi@{DOMAIN}"
STRANGER = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
DROPS_MARKERS = Quirks(graph=GraphQuirks(drops_employee_id=True))


@pytest.fixture
def group(entra: Entra) -> str:
    return next(iter(entra.groups))


async def created(directory: Directory, number: int = 1) -> str:
    """The object id of a new account."""
    return (await directory.create(maria(number), PASSWORD, timeout=5)).object_id


# --- creation ---


async def test_a_creation_whose_answer_names_no_object_is_unknown(directory: Directory, vendors: VendorServer) -> None:
    answers(vendors, "graph.users.create", 201, {"displayName": "Maria Rossi"})
    with pytest.raises(OutcomeUnknown):
        await directory.create(maria(), PASSWORD, timeout=5)


async def test_the_marker_of_a_new_account_is_reported(directory: Directory) -> None:
    assert (await directory.create(maria(), PASSWORD, timeout=5)).marker == "S1"


@pytest.mark.parametrize("quirks", [DROPS_MARKERS])
async def test_a_marker_that_the_creation_dropped_is_set_before_the_account_counts_as_marked(
    directory: Directory, entra: Entra
) -> None:
    found = await directory.create(maria(), PASSWORD, timeout=5)
    assert found.marker == "S1"
    assert entra.users[found.object_id].properties["employeeId"] == "S1"


@pytest.mark.parametrize("quirks", [DROPS_MARKERS])
async def test_an_account_that_can_t_be_marked_is_reported_all_the_same(
    directory: Directory, vendors: VendorServer
) -> None:
    answers(vendors, "graph.users.update", 403, {"error": {"code": "Authorization_RequestDenied", "message": "…"}})
    found = await directory.create(maria(), PASSWORD, timeout=5)
    assert (found.address, found.marker) == (MARIA, None)


# --- looking for accounts ---


async def test_a_deleted_account_of_ours_is_found_as_deleted(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    entra.delete(object_id)
    (found,) = await directory.find_marked("S1", timeout=5)
    assert (found.object_id, found.deleted) == (object_id, True)


async def test_the_account_that_signs_in_with_an_address_comes_before_the_one_that_gets_its_mail(
    directory: Directory, entra: Entra
) -> None:
    entra.add({"userPrincipalName": f"aaa@{DOMAIN}", "proxyAddresses": [f"smtp:{MARIA}"]})
    signs_in = entra.add({"userPrincipalName": MARIA, "employeeId": "S7"})
    holder = await directory.find_address(MARIA.upper(), timeout=5)
    assert holder is not None
    assert (holder.object_id, holder.marker) == (signs_in.id, "S7")


async def test_an_address_is_held_by_the_account_that_gets_its_mail(directory: Directory, entra: Entra) -> None:
    gets_mail = entra.add({"userPrincipalName": f"aaa@{DOMAIN}", "proxyAddresses": [f"smtp:{MARIA}"]})
    holder = await directory.find_address(MARIA, timeout=5)
    assert holder is not None
    assert (holder.object_id, holder.marker) == (gets_mail.id, None)


async def test_guests_and_synchronised_accounts_are_known_as_such(directory: Directory, entra: Entra) -> None:
    entra.add({"userPrincipalName": MARIA, "employeeId": "S1", "userType": "Guest"})
    entra.add({"userPrincipalName": f"b@{DOMAIN}", "employeeId": "S2", "onPremisesSyncEnabled": True})
    entra.add({"userPrincipalName": f"c@{DOMAIN}", "employeeId": "S3"})
    found = [(await directory.find_marked(marker, timeout=5))[0] for marker in ("S1", "S2", "S3")]
    assert [(one.guest, one.synchronised) for one in found] == [(True, False), (False, True), (False, False)]


@pytest.mark.parametrize("quirks", [Quirks(graph=GraphQuirks(page_size=2))])
async def test_what_is_on_later_pages_is_found_too(directory: Directory, entra: Entra) -> None:
    for number in range(4):
        entra.add({"userPrincipalName": f"x{number}@{DOMAIN}", "employeeId": "s1"})
    entra.add({"userPrincipalName": MARIA, "employeeId": "S1"})
    (found,) = await directory.find_marked("S1", timeout=5)
    assert found.address == MARIA


@pytest.mark.parametrize("link", ["https://elsewhere.example/v1.0/users?$skiptoken=1", "/v1.0/users", "https://[", 7])
async def test_a_next_page_on_another_host_is_not_asked_for(
    directory: Directory, vendors: VendorServer, link: Any
) -> None:
    answers(vendors, "graph.users.list", 200, {"value": [], "@odata.nextLink": link})
    with pytest.raises(Hold) as held:
        await directory.find_marked("S1", timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.UNEXPECTED_ANSWER, Scope.TENANT)


async def test_pages_without_an_end_are_not_followed_for_ever(
    directory: Directory, vendors: VendorServer, tenant: Tenant
) -> None:
    assert tenant.microsoft is not None
    following = f"{tenant.microsoft.graph_url}/v1.0/users?$skiptoken=1"
    answers(vendors, "graph.users.list", 200, {"value": [], "@odata.nextLink": following})
    with pytest.raises(Hold) as held:
        await directory.find_address(MARIA, timeout=5)
    assert held.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": "none"}, {"value": ["none"]}])
async def test_what_is_no_collection_is_not_an_empty_one(
    directory: Directory, vendors: VendorServer, body: Any
) -> None:
    await created(directory)
    answers(vendors, "graph.users.list", 200, body)
    with pytest.raises(Unavailable):
        await directory.find_marked("S1", timeout=5)


async def test_an_object_without_an_id_waits_for_a_person(directory: Directory, vendors: VendorServer) -> None:
    answers(vendors, "graph.users.list", 200, {"value": [{"userPrincipalName": MARIA, "employeeId": "S1"}]})
    with pytest.raises(Hold) as held:
        await directory.find_marked("S1", timeout=5)
    assert held.value.reason is Reason.UNEXPECTED_ANSWER


# --- deleting and restoring ---


async def test_an_administrator_s_account_is_not_deleted_and_holds_only_who_asked(
    directory: Directory, entra: Entra
) -> None:
    object_id = await created(directory)
    entra.users[object_id].roles.append("User Administrator")
    with pytest.raises(Hold) as held:
        await directory.delete(object_id, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)


@pytest.mark.parametrize("quirks", [Quirks(graph=GraphQuirks(lag=60, lags_deletions=True))])
async def test_a_deletion_that_reads_do_not_show_yet_is_done_all_the_same(directory: Directory, entra: Entra) -> None:
    account = entra.add({"userPrincipalName": MARIA, "employeeId": "S1"})
    for _ in range(2):
        await directory.delete(account.id, timeout=5)
    assert account.deleted_at is not None


async def test_a_404_that_is_not_graph_s_own_does_not_prove_that_no_one_is_there(
    directory: Directory, vendors: VendorServer
) -> None:
    answers(vendors, "graph.users.delete", 404, {"message": "no such host"})
    with pytest.raises(OutcomeUnknown):
        await directory.delete(STRANGER, timeout=5)


async def test_a_restored_account_has_its_id_its_name_and_its_marker_back(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    entra.delete(object_id)
    await directory.restore(object_id, org_unit=None, timeout=5)
    restored = await directory.read(object_id, timeout=5)
    assert restored is not None
    assert (restored.object_id, restored.address, restored.marker) == (object_id, MARIA, "S1")
    assert not restored.deleted


async def test_a_deleted_account_whose_address_has_another_holder_waits_for_a_person(
    directory: Directory, entra: Entra
) -> None:
    object_id = await created(directory)
    entra.delete(object_id)
    entra.add({"userPrincipalName": MARIA})
    with pytest.raises(Hold) as held:
        await directory.restore(object_id, org_unit=None, timeout=5)
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.ACCOUNT_CONFLICT, False)


# --- renaming ---


async def test_the_nickname_goes_along_with_the_sign_in_name(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    await directory.rename(object_id, MARRIED, timeout=5)
    assert entra.users[object_id].properties["mailNickname"] == "maria.bianchi"


async def test_without_a_mailbox_the_former_address_is_free_at_once(directory: Directory) -> None:
    renamed = await created(directory)
    await directory.rename(renamed, MARRIED, timeout=5)
    assert await directory.find_address(MARIA, timeout=5) is None
    assert await created(directory, 2) != renamed


async def test_a_mail_address_of_another_account_is_taken(directory: Directory, entra: Entra) -> None:
    entra.add({"userPrincipalName": f"aaa@{DOMAIN}", "proxyAddresses": [f"smtp:{MARRIED}"]})
    object_id = await created(directory)
    with pytest.raises(AddressTaken):
        await directory.rename(object_id, MARRIED, timeout=5)


@pytest.mark.parametrize(
    ("address", "scope"),
    [
        ("maria@unverified.example", Scope.OPERATION),
        ("maria@federated.example", Scope.OPERATION),
        (f"mária@{DOMAIN}", Scope.STUDENT),
    ],
    ids=["unverified", "federated", "ill-formed"],
)
async def test_an_address_that_no_account_can_have_waits_for_a_person(
    directory: Directory, entra: Entra, address: str, scope: Scope
) -> None:
    entra.domains += ("federated.example",)
    entra.federated.add("federated.example")
    object_id = await created(directory)
    with pytest.raises(Hold) as held:
        await directory.rename(object_id, address, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.DOMAIN_NOT_VERIFIED, scope)


async def test_an_administrator_s_account_is_not_renamed_and_holds_only_who_asked(
    directory: Directory, entra: Entra
) -> None:
    object_id = await created(directory)
    entra.users[object_id].roles.append("User Administrator")
    with pytest.raises(Hold) as held:
        await directory.rename(object_id, MARRIED, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)


async def test_a_synchronised_account_is_not_renamed(directory: Directory, entra: Entra) -> None:
    theirs = entra.add({"userPrincipalName": MARIA, "onPremisesSyncEnabled": True})
    with pytest.raises(Hold) as held:
        await directory.rename(theirs.id, MARRIED, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.SYNCHRONISED_ACCOUNT, Scope.STUDENT)


# --- grants ---


async def test_a_group_that_is_not_there_waits_for_a_person(directory: Directory) -> None:
    with pytest.raises(Hold) as held:
        await directory.add_to_group(await created(directory), STRANGER, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.GROUP_MISSING, Scope.RESOURCE)


@pytest.mark.parametrize("kind", [kind for kind in GroupKind if GroupTraits(kind).refusal() is not None])
async def test_a_group_that_takes_no_members_from_us_holds_only_those_who_need_it(
    directory: Directory, entra: Entra, kind: GroupKind
) -> None:
    entra.add_group(STRANGER, kind)
    with pytest.raises(Hold) as held:
        await directory.add_to_group(await created(directory), STRANGER, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.GROUP_REFUSED, Scope.RESOURCE)


async def test_an_account_that_the_group_does_not_see_yet_is_tried_again(directory: Directory, group: str) -> None:
    with pytest.raises(NotYet):
        await directory.add_to_group(STRANGER, group, timeout=5)


async def test_an_account_that_graph_does_not_show_is_not_taken_for_one_that_is_no_member(
    directory: Directory, group: str
) -> None:
    with pytest.raises(NotYet):
        await directory.remove_from_group(STRANGER, group, timeout=5)


async def test_of_a_group_that_is_not_there_no_one_is_a_member(directory: Directory) -> None:
    await directory.remove_from_group(await created(directory), STRANGER, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(graph=GraphQuirks(absent_member_status=status)) for status in (400, 404)])
async def test_who_is_no_member_is_removed_without_a_fault(directory: Directory, group: str) -> None:
    await directory.remove_from_group(await created(directory), group, timeout=5)


async def test_of_licences_to_be_taken_those_are_that_the_account_has(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    await directory.assign_licences(object_id, [SKU], timeout=5)
    await directory.remove_licences(object_id, [STRANGER, SKU], timeout=5)
    assert entra.users[object_id].licences == []


async def test_a_name_that_graph_refuses_is_the_student_s(directory: Directory) -> None:
    with pytest.raises(GiveUp) as refused:
        await directory.update(await created(directory), {ProfilePart.FAMILY_NAME: "x" * 65}, timeout=5)
    assert refused.value.reason is Reason.INVALID_PROFILE


async def test_a_part_that_says_nothing_is_cleared(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    await directory.update(object_id, {ProfilePart.GIVEN_NAME: None}, timeout=5)
    assert entra.users[object_id].properties["givenName"] is None


async def test_licences_that_have_run_out_wait_for_a_person(directory: Directory, entra: Entra) -> None:
    entra.stock[SKU] = 0
    with pytest.raises(Hold) as held:
        await directory.assign_licences(await created(directory), [SKU], timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.LICENCES_EXHAUSTED, Scope.RESOURCE)


async def test_an_account_without_a_usage_location_is_given_the_configured_one(
    directory: Directory, entra: Entra
) -> None:
    adopted = entra.add({"userPrincipalName": MARIA, "employeeId": "S1"})
    await directory.assign_licences(adopted.id, [SKU], timeout=5)
    assert (adopted.properties["usageLocation"], adopted.licences) == ("GR", [SKU])


@pytest.mark.parametrize(("location", "scope"), [("GR", Scope.RESOURCE), ("KP", Scope.STUDENT)])
async def test_a_usage_location_that_is_refused_is_left_as_it_is(
    directory: Directory, entra: Entra, location: str, scope: Scope
) -> None:
    entra.unlicensed_locations |= {"GR", "KP"}
    adopted = entra.add({"userPrincipalName": MARIA, "employeeId": "S1", "usageLocation": location})
    with pytest.raises(Hold) as held:
        await directory.assign_licences(adopted.id, [SKU], timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.LICENCE_INVALID, scope)
    assert adopted.properties["usageLocation"] == location


async def test_a_usage_location_that_does_not_show_yet_is_waited_for(
    directory: Directory, entra: Entra, vendors: VendorServer
) -> None:
    adopted = entra.add({"userPrincipalName": MARIA, "employeeId": "S1"})
    answers(vendors, "graph.users.assignLicense", 400, refusals.invalid(refusals.NO_USAGE_LOCATION).body)
    with pytest.raises(NotYet) as waiting:
        await directory.assign_licences(adopted.id, [SKU], timeout=5)
    assert waiting.value.reason is Reason.LICENCE_INVALID


async def test_a_licence_that_the_institution_does_not_have_holds_those_who_need_it(directory: Directory) -> None:
    with pytest.raises(Hold) as held:
        await directory.assign_licences(await created(directory), [STRANGER], timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.LICENCE_INVALID, Scope.RESOURCE)


# --- permissions and domains ---


_OF_ONE_PERMISSION: Mapping[str, tuple[str, Callable[[Directory, str], Awaitable[object]]]] = {
    "create": ("graph.users.create", lambda d, _: d.create(maria(), PASSWORD, timeout=5)),
    "licences": ("graph.users.assignLicense", lambda d, i: d.assign_licences(i, [SKU], timeout=5)),
    "restore": ("graph.deleted.restore", lambda d, i: d.restore(i, org_unit=None, timeout=5)),
    "password": ("graph.users.update", lambda d, i: d.replace_password(i, PASSWORD, timeout=5)),
    "deletion": ("graph.users.delete", lambda d, i: d.delete(i, timeout=5)),
    "release": ("graph.users.update", lambda d, i: d.release(i, timeout=5)),
    "marker": ("graph.users.update", lambda d, i: d.mark(i, "S1", timeout=5)),
    "profile": ("graph.users.update", lambda d, i: d.update(i, {ProfilePart.FAMILY_NAME: "Bianchi"}, timeout=5)),
    "rename": ("graph.users.update", lambda d, i: d.rename(i, MARRIED, timeout=5)),
}


@pytest.mark.parametrize("what", _OF_ONE_PERMISSION)
async def test_a_permission_that_only_one_kind_of_call_needs_holds_only_such_calls(
    directory: Directory, vendors: VendorServer, what: str
) -> None:
    route, call = _OF_ONE_PERMISSION[what]
    object_id = await created(directory)
    answers(vendors, route, 403, refusals.denied().body)
    with pytest.raises(Hold) as held:
        await call(directory, object_id)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)
    assert held.value.code == "403 Authorization_RequestDenied"


_OF_EVERY_STUDENT: Mapping[str, Callable[[Directory], Awaitable[object]]] = {
    "graph.users.list": lambda d: d.find_marked("S1", timeout=5),
    "graph.deleted.list": lambda d: d.find_marked("S1", timeout=5),
}


@pytest.mark.parametrize("route", _OF_EVERY_STUDENT)
async def test_without_the_permission_to_search_the_whole_tenant_waits(
    directory: Directory, vendors: VendorServer, route: str
) -> None:
    answers(vendors, route, 403, refusals.denied().body)
    with pytest.raises(Hold) as held:
        await _OF_EVERY_STUDENT[route](directory)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.TENANT)


async def test_a_federated_domain_holds_all_creations(directory: Directory, entra: Entra) -> None:
    entra.federated.add(DOMAIN)
    with pytest.raises(Hold) as held:
        await directory.create(maria(), PASSWORD, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.DOMAIN_NOT_VERIFIED, Scope.OPERATION)


async def test_a_synchronised_account_can_t_be_written_to(directory: Directory, entra: Entra) -> None:
    theirs = entra.add({"userPrincipalName": MARIA, "onPremisesSyncEnabled": True})
    with pytest.raises(Hold) as held:
        await directory.mark(theirs.id, "S1", timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.SYNCHRONISED_ACCOUNT, Scope.STUDENT)
    assert "employeeId" not in theirs.properties


# --- whether anyone has signed in ---


@pytest.mark.parametrize(
    ("changed_after", "used"),
    [(timedelta(0), False), (timedelta(seconds=90), False), (timedelta(minutes=5), True), (-timedelta(days=1), False)],
)
async def test_a_password_that_was_changed_well_after_it_was_set_was_used(
    directory: Directory, entra: Entra, changed_after: timedelta, *, used: bool
) -> None:
    object_id = await created(directory)
    user = entra.users[object_id]
    user.password_changed_at = user.created_at + changed_after.total_seconds()
    assert await directory.was_used(object_id, password_set_at=None, timeout=5) is used


@pytest.mark.parametrize(("changed_after", "used"), [(timedelta(0), False), (timedelta(minutes=5), True)])
async def test_a_replaced_password_counts_from_its_replacement(
    directory: Directory, entra: Entra, changed_after: timedelta, *, used: bool
) -> None:
    object_id = await created(directory)
    replaced_at = datetime.fromtimestamp(entra.users[object_id].created_at, UTC) + timedelta(days=3)
    entra.users[object_id].password_changed_at = (replaced_at + changed_after).timestamp()
    assert await directory.was_used(object_id, password_set_at=replaced_at, timeout=5) is used


@pytest.mark.parametrize("missing", ["createdDateTime", "lastPasswordChangeDateTime"])
async def test_without_both_times_no_one_can_tell(directory: Directory, vendors: VendorServer, missing: str) -> None:
    object_id = await created(directory)
    times = {"createdDateTime": "2026-01-01T00:00:00Z", "lastPasswordChangeDateTime": "2026-01-01T00:00:00Z"}
    answers(vendors, "graph.users.get", 200, {"@odata.context": "…/$entity", **times, missing: None})
    assert await directory.was_used(object_id, password_set_at=None, timeout=5) is None


async def test_an_account_that_is_not_visible_is_asked_for_again(directory: Directory) -> None:
    with pytest.raises(NotYet):
        await directory.was_used(STRANGER, password_set_at=None, timeout=5)


# --- signing in elsewhere ---


def test_an_account_is_known_elsewhere_by_its_tenant_and_object_id(directory: Directory, tenant: Tenant) -> None:
    assert tenant.microsoft is not None
    issuer = f"{tenant.microsoft.authority_url}/{tenant.microsoft.tenant_id}/v2.0"
    assert directory.identity("o1") == SignOnIdentity(issuer, "o1", tenant.microsoft.tenant_id)


# --- administrative units ---


@pytest.fixture
def unit(entra: Entra, world: World) -> str:
    """One that exists; the application has the permission for it."""
    entra.units.add(STRANGER)
    (tenant_id,) = world.graph.directories
    world.graph.tokens.permit(tenant_id, NORTH.guid("client"), GRANTED | FOR_ADMIN_UNITS)
    return STRANGER


async def test_an_account_is_put_into_a_unit_once_and_stays_in_the_others(
    directory: Directory, entra: Entra, unit: str
) -> None:
    object_id = await created(directory)
    entra.units.add("other")
    entra.join_unit("other", object_id)
    for _ in range(2):
        await directory.join_admin_unit(object_id, unit, timeout=5)
    assert entra.units.of(entra.users[object_id]) == sorted([unit, "other"])


async def test_a_unit_that_is_not_there_waits_for_a_person(directory: Directory, unit: str) -> None:
    other = unit.replace("6", "7", 1)
    with pytest.raises(Hold) as held:
        await directory.join_admin_unit(await created(directory), other, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.ADMIN_UNIT_MISSING, Scope.RESOURCE)


async def test_without_its_permission_a_unit_holds_only_those_who_need_it(directory: Directory, entra: Entra) -> None:
    entra.units.add(STRANGER)
    with pytest.raises(Hold) as held:
        await directory.join_admin_unit(await created(directory), STRANGER, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.ADMIN_UNIT_REFUSED, Scope.RESOURCE)


async def test_a_unit_with_dynamic_membership_holds_only_those_who_need_it(
    directory: Directory, entra: Entra, unit: str
) -> None:
    entra.units.add(unit, UnitTraits(dynamic=True))
    with pytest.raises(Hold) as held:
        await directory.join_admin_unit(await created(directory), unit, timeout=5)
    assert held.value.reason is Reason.ADMIN_UNIT_REFUSED


async def test_an_account_that_the_unit_does_not_see_yet_is_tried_again(directory: Directory, unit: str) -> None:
    other = unit.replace("6", "7", 1)
    with pytest.raises(NotYet):
        await directory.join_admin_unit(other, unit, timeout=5)
    with pytest.raises(NotYet):
        await directory.leave_admin_unit(other, unit, timeout=5)


async def test_of_a_unit_that_is_not_there_no_one_is_a_member(directory: Directory, unit: str) -> None:
    await directory.leave_admin_unit(await created(directory), unit.replace("6", "7", 1), timeout=5)


async def test_an_account_in_a_restricted_unit_can_not_be_changed_but_leaves_it(
    directory: Directory, entra: Entra, unit: str
) -> None:
    entra.units.add(unit, UnitTraits(restricted=True))
    object_id = await created(directory)
    await directory.join_admin_unit(object_id, unit, timeout=5)
    with pytest.raises(Hold) as held:
        await directory.suspend(object_id, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)
    await directory.leave_admin_unit(object_id, unit, timeout=5)
    await directory.suspend(object_id, timeout=5)
