"""A tenant that needs `employeeId` itself has the marker elsewhere, and everything works as before."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from consumer.errors import Hold, Reason, Scope
from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.providers.factory import open_directories
from consumer.providers.port import Directory
from consumer.tenants import Tenant
from sandbox.simulators.graph.directory import Directory as Entra
from sandbox.simulators.graph.user import User
from tests.providers.conftest import TOKENS
from tests.providers.people import DOMAIN, MARIA, PASSWORD, maria

EXTENSION = "extension_b7d8e648520f41d3b9c0fdeb91768a0a_student"
PLACES = ["employeeId", "extensionAttribute1", "extensionAttribute15", EXTENSION]


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    """`microsoft.marker`."""
    return request.param


@pytest.fixture
def directory(tenant: Tenant, http: HttpClient, entra: Entra, place: str) -> Directory:
    entra.extensions.add(EXTENSION)
    assert tenant.microsoft is not None
    placed = tenant.model_copy(update={"microsoft": tenant.microsoft.model_copy(update={"marker": place})})
    return open_directories(placed, http=lambda _: http, tokens=TOKENS)[Provider.MICROSOFT]


def standing(user: User, place: str) -> object:
    return user.attributes.get(place) if place.startswith("extensionA") else user.properties.get(place)


async def test_a_created_account_is_found_by_its_marker(directory: Directory, entra: Entra, place: str) -> None:
    created = await directory.create(maria(), PASSWORD, timeout=5)
    (found,) = await directory.find_marked("S1", timeout=5)
    assert (found.object_id, found.marker) == (created.object_id, "S1")
    assert standing(entra.users[created.object_id], place) == "S1"


async def test_a_deleted_account_is_found_by_its_marker(directory: Directory, entra: Entra) -> None:
    created = await directory.create(maria(), PASSWORD, timeout=5)
    entra.delete(created.object_id)
    (found,) = await directory.find_marked("S1", timeout=5)
    assert (found.object_id, found.deleted) == (created.object_id, True)


async def test_marking_leaves_the_other_properties_alone(directory: Directory, entra: Entra, place: str) -> None:
    user = entra.add(
        {
            "userPrincipalName": MARIA,
            "employeeId": "E-77",
            "onPremisesExtensionAttributes": {"extensionAttribute2": "house blue"},
        }
    )
    await directory.mark(user.id, "S1", timeout=5)
    assert standing(user, place) == "S1"
    assert user.attributes["extensionAttribute2"] == "house blue"
    assert place == "employeeId" or user.properties["employeeId"] == "E-77"


async def test_releasing_clears_the_marker_and_leaves_the_other_properties_alone(
    directory: Directory, entra: Entra, place: str
) -> None:
    created = await directory.create(maria(), PASSWORD, timeout=5)
    user = entra.users[created.object_id]
    entra.update(user.id, {"onPremisesExtensionAttributes": {"extensionAttribute2": "house blue"}})
    before = dict(user.properties)
    for _ in range(2):
        await directory.release(user.id, timeout=5)
    assert standing(user, place) is None
    assert user.attributes["extensionAttribute2"] == "house blue"
    changed = {name for name, value in user.properties.items() if value != before[name]}
    assert changed == {"onPremisesExtensionAttributes" if place.startswith("extensionA") else place}


async def test_a_staff_number_is_no_marker_where_the_marker_stands_elsewhere(
    directory: Directory, entra: Entra, place: str
) -> None:
    entra.add({"userPrincipalName": f"teacher@{DOMAIN}", "employeeId": "S1"})
    found = await directory.find_marked("S1", timeout=5)
    assert len(found) == (1 if place == "employeeId" else 0)


_MISSES: Mapping[str, Callable[[Directory], Awaitable[object]]] = {
    "search": lambda d: d.find_marked("S1", timeout=5),
    "creation": lambda d: d.create(maria(), PASSWORD, timeout=5),
}


@pytest.mark.parametrize("place", [EXTENSION])
@pytest.mark.parametrize("call", _MISSES)
async def test_a_directory_extension_that_is_not_there_holds_the_whole_tenant(
    directory: Directory, entra: Entra, call: str
) -> None:
    entra.extensions.clear()
    with pytest.raises(Hold) as held:
        await _MISSES[call](directory)
    assert (held.value.reason, held.value.scope) == (Reason.TENANT_UNUSABLE, Scope.TENANT)
    assert not entra.users
