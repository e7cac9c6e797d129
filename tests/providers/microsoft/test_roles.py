"""Whether an account is an administrator's: by whatever way a role came to it, and never a guess."""

from typing import Any

import pytest

from consumer.errors import Hold, NotYet, Reason, Scope, Unavailable
from consumer.providers.port import Directory
from sandbox.simulators.graph.directory import Directory as Entra
from sandbox.simulators.graph.groups import GroupKind
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.user import User
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Quirks
from tests.providers.conftest import answers
from tests.providers.people import MARIA

ROLE = "62e90394-69f5-4237-9190-012177145e10"
GROUP = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
LOOK_UPS = ["graph.users.memberships", "graph.roles.assignments", "graph.roles.eligibilities"]


@pytest.fixture
def account(entra: Entra) -> User:
    """In a group, as every student is."""
    user = entra.add({"userPrincipalName": MARIA})
    next(iter(entra.groups.values())).add(user.id)
    return user


async def test_a_student_holds_no_role(directory: Directory, account: User) -> None:
    assert not await directory.is_privileged(account.id, timeout=5)


@pytest.mark.parametrize("kind", ["roles", "scoped_roles", "eligible_roles"])
async def test_a_role_counts_active_scoped_or_eligible(directory: Directory, account: User, kind: str) -> None:
    getattr(account, kind).append(ROLE)
    assert await directory.is_privileged(account.id, timeout=5)


async def test_a_role_counts_that_a_group_has(directory: Directory, entra: Entra, account: User) -> None:
    entra.add_group(GROUP, roles=[ROLE])
    entra.groups[GROUP].add(account.id)
    assert await directory.is_privileged(account.id, timeout=5)


async def test_to_be_in_a_group_that_roles_can_be_assigned_to_counts_as_a_role(
    directory: Directory, entra: Entra, account: User
) -> None:
    entra.add_group(GROUP, GroupKind.ROLE_ASSIGNABLE)
    entra.groups[GROUP].add(account.id)
    assert await directory.is_privileged(account.id, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(graph=GraphQuirks(page_size=2))])
async def test_a_role_on_a_later_page_counts(directory: Directory, entra: Entra, account: User) -> None:
    for number in range(5):
        entra.groups[f"g{number}"] = {account.id}
    entra.add_group(GROUP, GroupKind.ROLE_ASSIGNABLE)
    entra.groups[GROUP].add(account.id)
    assert await directory.is_privileged(account.id, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(graph=GraphQuirks(eligible_roles_licensed=False))])
async def test_a_directory_without_the_licence_for_eligible_roles_has_none(directory: Directory, account: User) -> None:
    assert not await directory.is_privileged(account.id, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(graph=GraphQuirks(roles_readable=False))])
async def test_where_roles_cannot_be_read_those_wait_who_need_them(directory: Directory, account: User) -> None:
    with pytest.raises(Hold) as held:
        await directory.is_privileged(account.id, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.ROLES_UNREADABLE, Scope.RESOURCE)
    assert held.value.code == "403 Authorization_RequestDenied"


async def test_a_membership_of_an_unknown_kind_is_not_taken_for_a_harmless_one(
    directory: Directory, account: User, vendors: VendorServer
) -> None:
    answers(vendors, "graph.users.memberships", 200, {"value": [{"id": GROUP}]})
    with pytest.raises(Hold) as held:
        await directory.is_privileged(account.id, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.ROLES_UNREADABLE, Scope.RESOURCE)


@pytest.mark.parametrize("body", [{}, {"value": None}, {"value": "none"}, {"value": ["none"]}])
@pytest.mark.parametrize("route", LOOK_UPS)
async def test_what_is_no_collection_does_not_mean_that_there_are_no_roles(
    directory: Directory, account: User, vendors: VendorServer, route: str, body: Any
) -> None:
    answers(vendors, route, 200, body)
    with pytest.raises(Unavailable):
        await directory.is_privileged(account.id, timeout=5)


async def test_an_account_that_is_not_visible_yet_is_not_taken_for_one_without_roles(directory: Directory) -> None:
    with pytest.raises(NotYet):
        await directory.is_privileged(GROUP, timeout=5)


async def test_a_restored_account_s_roles_are_looked_at(directory: Directory, entra: Entra, account: User) -> None:
    account.roles.append(ROLE)
    entra.delete(account.id)
    await directory.restore(account.id, org_unit=None, timeout=5)
    assert await directory.is_privileged(account.id, timeout=5)
