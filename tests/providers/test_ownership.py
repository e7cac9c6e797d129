"""Who owns an account in a directory that several tenants and a school's staff share: only a whole marker proves it."""

from dataclasses import dataclass, replace

import pytest

from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.policy.marker import marker
from consumer.providers.factory import open_directories
from consumer.providers.port import Directory, NewAccount
from consumer.tenants import Tenant
from sandbox.simulators.world import World
from tests.providers.conftest import TOKENS
from tests.providers.people import DOMAIN, PASSWORD, maria

NUMBER = "2001"


@dataclass(frozen=True, slots=True)
class Shared:
    """One directory, as two tenants see it who both have a student 2001."""

    provider: Provider
    north: Directory
    south: Directory

    def account(self, tenant_id: str) -> NewAccount:
        """Of that tenant's student 2001."""
        return replace(maria(), address=f"maria.{tenant_id}@{DOMAIN}", marker=marker(self.provider, tenant_id, NUMBER))


@pytest.fixture(params=list(Provider))
def shared(request: pytest.FixtureRequest, tenant: Tenant, http: HttpClient) -> Shared:
    def opened(tenant_id: str) -> Directory:
        of_tenant = tenant.model_copy(update={"id": tenant_id})
        return open_directories(of_tenant, http=lambda _: http, tokens=TOKENS)[request.param]

    return Shared(request.param, opened("north"), opened("south"))


async def test_two_tenants_with_equal_student_numbers_see_their_own_accounts_only(shared: Shared) -> None:
    north, south = shared.account("north"), shared.account("south")
    first = await shared.north.create(north, PASSWORD, timeout=5)
    assert list(await shared.south.find_marked(south.marker, timeout=5)) == []
    second = await shared.south.create(south, PASSWORD, timeout=5)
    assert [one.object_id for one in await shared.north.find_marked(north.marker, timeout=5)] == [first.object_id]
    assert [one.object_id for one in await shared.south.find_marked(south.marker, timeout=5)] == [second.object_id]


async def test_a_deleted_account_of_the_other_tenant_is_not_ours_either(shared: Shared, world: World) -> None:
    created = await shared.north.create(shared.account("north"), PASSWORD, timeout=5)
    (entra,), (customer,) = world.graph.directories.values(), world.google.customers
    (entra if shared.provider is Provider.MICROSOFT else customer).delete(created.object_id)
    assert list(await shared.south.find_marked(shared.account("south").marker, timeout=5)) == []


async def test_a_teacher_whose_staff_number_is_a_student_s_is_not_found_by_it(shared: Shared, world: World) -> None:
    (entra,), (customer,) = world.graph.directories.values(), world.google.customers
    address = f"t.papas@{DOMAIN}"
    entra.add({"userPrincipalName": address, "employeeId": NUMBER, "displayName": "T. Papas"})
    customer.add_user(address).external = [{"type": "organization", "value": NUMBER}]
    assert list(await shared.north.find_marked(shared.account("north").marker, timeout=5)) == []
    holder = await shared.north.find_address(address, timeout=5)
    assert holder is not None
    assert holder.marker != shared.account("north").marker
