"""What Graph's directory does beyond what every directory keeps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumer.errors import Hold, NotYet, OutcomeUnknown, Reason, Scope, Unavailable
from consumer.events import Provider, SignOnIdentity
from consumer.http.client import HttpClient
from consumer.providers.factory import open_directories
from consumer.providers.port import Directory
from consumer.simulators.graph.directory import Directory as Entra
from consumer.simulators.graph.quirks import GraphQuirks
from consumer.simulators.server import VendorServer
from consumer.simulators.vendors import SKU, Quirks
from consumer.simulators.world import World
from consumer.tenants import Tenant
from tests.providers.conftest import TOKENS, answers
from tests.providers.people import DOMAIN, MARIA, PASSWORD, maria

NOBODY = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
DROPS_MARKERS = Quirks(graph=GraphQuirks(drops_employee_id=True))


@pytest.fixture
def entra(world: World) -> Entra:
    (directory,) = world.graph.directories.values()
    return directory


@pytest.fixture
def directory(tenant: Tenant, http: HttpClient) -> Directory:
    return open_directories(tenant, http=lambda _: http, tokens=TOKENS)[Provider.MICROSOFT]


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


async def test_the_marker_of_a_new_account_is_told(directory: Directory) -> None:
    assert (await directory.create(maria(), PASSWORD, timeout=5)).marker == "S1"


@pytest.mark.parametrize("quirks", [DROPS_MARKERS])
async def test_a_marker_that_the_creation_dropped_is_set_before_the_account_counts_as_marked(
    directory: Directory, entra: Entra
) -> None:
    found = await directory.create(maria(), PASSWORD, timeout=5)
    assert found.marker == "S1"
    assert entra.users[found.object_id].properties["employeeId"] == "S1"


@pytest.mark.parametrize("quirks", [DROPS_MARKERS])
async def test_an_account_that_can_t_be_marked_is_told_of_all_the_same(
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


async def test_whoever_signs_in_with_an_address_comes_before_whoever_gets_its_mail(
    directory: Directory, entra: Entra
) -> None:
    entra.add({"userPrincipalName": f"aaa@{DOMAIN}", "proxyAddresses": [f"smtp:{MARIA}"]})
    signs_in = entra.add({"userPrincipalName": MARIA, "employeeId": "S7"})
    holder = await directory.find_address(MARIA.upper(), timeout=5)
    assert holder is not None
    assert (holder.object_id, holder.marker) == (signs_in.id, "S7")


async def test_an_address_is_held_by_whoever_gets_its_mail(directory: Directory, entra: Entra) -> None:
    gets_mail = entra.add({"userPrincipalName": f"aaa@{DOMAIN}", "proxyAddresses": [f"smtp:{MARIA}"]})
    holder = await directory.find_address(MARIA, timeout=5)
    assert holder is not None
    assert (holder.object_id, holder.marker) == (gets_mail.id, None)


async def test_an_administrator_is_known_as_one(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    entra.users[object_id].roles.append("62e90394-69f5-4237-9190-012177145e10")
    assert await directory.is_privileged(object_id, timeout=5)


async def test_an_account_whose_roles_are_not_visible_yet_is_not_taken_for_one_without(
    directory: Directory, vendors: VendorServer
) -> None:
    object_id = await created(directory)
    answers(vendors, "graph.users.roles", 404, {"error": {"code": "Request_ResourceNotFound", "message": "…"}})
    with pytest.raises(NotYet):
        await directory.is_privileged(object_id, timeout=5)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": "none"}, {"value": ["none"]}])
async def test_what_is_no_collection_is_not_an_empty_one(
    directory: Directory, vendors: VendorServer, body: Any
) -> None:
    await created(directory)
    answers(vendors, "graph.users.list", 200, body)
    with pytest.raises(Unavailable):
        await directory.find_marked("S1", timeout=5)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": "none"}, {"value": ["none"]}])
async def test_what_is_no_collection_of_roles_does_not_mean_that_there_are_none(
    directory: Directory, vendors: VendorServer, body: Any
) -> None:
    object_id = await created(directory)
    answers(vendors, "graph.users.roles", 200, body)
    with pytest.raises(Unavailable):
        await directory.is_privileged(object_id, timeout=5)


async def test_an_object_without_an_id_waits_for_a_person(directory: Directory, vendors: VendorServer) -> None:
    answers(vendors, "graph.users.list", 200, {"value": [{"userPrincipalName": MARIA, "employeeId": "S1"}]})
    with pytest.raises(Hold) as held:
        await directory.find_marked("S1", timeout=5)
    assert held.value.reason is Reason.UNEXPECTED_ANSWER


# --- restoring ---


async def test_a_restored_account_has_its_id_its_name_and_its_marker_back(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    entra.delete(object_id)
    restored = await directory.restore(object_id, org_unit=None, timeout=5)
    assert (restored.object_id, restored.address, restored.marker) == (object_id, MARIA, "S1")
    assert not restored.deleted


async def test_a_restored_account_s_roles_are_looked_at(directory: Directory, entra: Entra) -> None:
    object_id = await created(directory)
    entra.users[object_id].roles.append("62e90394-69f5-4237-9190-012177145e10")
    entra.delete(object_id)
    await directory.restore(object_id, org_unit=None, timeout=5)
    assert await directory.is_privileged(object_id, timeout=5)


async def test_a_deleted_account_whose_address_has_another_holder_waits_for_a_person(
    directory: Directory, entra: Entra
) -> None:
    object_id = await created(directory)
    entra.delete(object_id)
    entra.add({"userPrincipalName": MARIA})
    with pytest.raises(Hold) as held:
        await directory.restore(object_id, org_unit=None, timeout=5)
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.ACCOUNT_CONFLICT, False)


# --- grants ---


async def test_a_group_that_is_not_there_waits_for_a_person(directory: Directory) -> None:
    with pytest.raises(Hold) as held:
        await directory.add_to_group(await created(directory), NOBODY, timeout=5)
    assert held.value.reason is Reason.GROUP_MISSING


async def test_an_account_that_the_group_does_not_see_yet_is_tried_again(directory: Directory, group: str) -> None:
    with pytest.raises(NotYet):
        await directory.add_to_group(NOBODY, group, timeout=5)


async def test_licences_that_have_run_out_wait_for_a_person(directory: Directory, entra: Entra) -> None:
    entra.stock[SKU] = 0
    with pytest.raises(Hold) as held:
        await directory.assign_licences(await created(directory), [SKU], timeout=5)
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.LICENCES_EXHAUSTED, False)


# --- whether anybody has signed in ---


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
async def test_without_both_times_nobody_can_tell(directory: Directory, vendors: VendorServer, missing: str) -> None:
    object_id = await created(directory)
    times = {"createdDateTime": "2026-01-01T00:00:00Z", "lastPasswordChangeDateTime": "2026-01-01T00:00:00Z"}
    answers(vendors, "graph.users.get", 200, {"@odata.context": "…/$entity", **times, missing: None})
    assert await directory.was_used(object_id, password_set_at=None, timeout=5) is None


async def test_an_account_that_is_not_visible_is_asked_for_again(directory: Directory) -> None:
    with pytest.raises(NotYet):
        await directory.was_used(NOBODY, password_set_at=None, timeout=5)


# --- signing in elsewhere ---


def test_an_account_is_known_elsewhere_by_its_tenant_and_object_id(directory: Directory, tenant: Tenant) -> None:
    assert tenant.microsoft is not None
    issuer = f"{tenant.microsoft.authority_url}/{tenant.microsoft.tenant_id}/v2.0"
    assert directory.identity("o1") == SignOnIdentity(issuer, "o1", tenant.microsoft.tenant_id)
