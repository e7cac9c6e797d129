"""What every directory keeps: the fake, Graph's and Google's, the latter two through the vendors' own token clients and TLS."""

from dataclasses import asdict, dataclass, replace
from functools import partial

import pytest

from consumer.errors import AddressTaken, Hold, NotYet, OutcomeUnknown, Scope, Throttled, Unavailable
from consumer.events import Provider
from consumer.http.client import HttpClient
from consumer.policy.profile import ProfilePart, written
from consumer.providers.factory import open_directories
from consumer.providers.google.tokens import ORG_UNIT_SCOPE
from consumer.providers.port import Directory, Found, NewAccount
from consumer.tenants import Tenant
from sandbox.simulators.faults import Answer, FaultRule, LoseAnswer
from sandbox.simulators.graph.permissions import FOR_ADMIN_UNITS, GRANTED
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import EDUCATION_PLUS
from sandbox.simulators.world import World
from testbed.fakes.directory import FakeDirectory
from testbed.fakes.mishaps import lost_answer, throttled
from tests.providers.conftest import NORTH, TOKENS
from tests.providers.people import DOMAIN, PASSWORD, maria
from tests.providers.units import until_there

MARRIED = f"maria.bianchi@{DOMAIN}"
CREATIONS = ("graph.users.create", "directory.users.insert")


@dataclass
class Setting:
    """A directory, and what its vendor may be asked to do."""

    directory: Directory
    group: str
    licences: tuple[str, ...] = ()
    vendors: VendorServer | None = None
    world: World | None = None
    org_unit: str = "/Students/Upper"
    has_units: bool = True
    admin_unit: str | None = None

    def disable(self, object_id: str) -> None:
        """As the school's staff would."""
        if self.world is None:
            assert isinstance(self.directory, FakeDirectory)
            self.directory.accounts[object_id].block()
        elif self.directory.provider is Provider.MICROSOFT:
            (directory,) = self.world.graph.directories.values()
            directory.users[object_id].properties["accountEnabled"] = False
        else:
            (customer,) = self.world.google.customers
            (user,) = (one for one in customer.users if one.id == object_id)
            user.suspended = True

    def delete(self, object_id: str) -> None:
        """As the school's staff would."""
        if self.world is None:
            assert isinstance(self.directory, FakeDirectory)
            self.directory.accounts[object_id].delete()
        elif self.directory.provider is Provider.MICROSOFT:
            (directory,) = self.world.graph.directories.values()
            directory.delete(object_id)
        else:
            (customer,) = self.world.google.customers
            customer.delete(object_id)

    def give_mailbox(self, object_id: str) -> None:
        """As a licence for Exchange does. The others have one anyway."""
        if self.world is not None and self.directory.provider is Provider.MICROSOFT:
            (directory,) = self.world.graph.directories.values()
            user = directory.users[object_id]
            directory.users[object_id].properties |= {"mail": user.upn, "proxyAddresses": [f"SMTP:{user.upn}"]}

    def lose_next_creation(self) -> None:
        if self.vendors is None:
            assert isinstance(self.directory, FakeDirectory)
            self.directory.next_calls("create", lost_answer())
        else:
            self.vendors.faults.set([FaultRule(route=route, fault=LoseAnswer(), first=1) for route in CREATIONS])

    def throttle_next_creation(self, seconds: float) -> None:
        if self.vendors is None:
            assert isinstance(self.directory, FakeDirectory)
            self.directory.next_calls("create", throttled(seconds))
        else:
            busy = Answer(
                status=429, body="{}", headers={"Retry-After": str(seconds), "Content-Type": "application/json"}
            )
            self.vendors.faults.set([FaultRule(route=route, fault=busy, first=1) for route in CREATIONS])


@pytest.fixture(params=["fake", "microsoft", "google"])
def setting(
    request: pytest.FixtureRequest, tenant: Tenant, world: World, vendors: VendorServer, http: HttpClient
) -> Setting:
    if request.param == "fake":
        fake = FakeDirectory()
        fake.org_units, fake.creates_org_units = {"/Students/Upper"}, True
        return Setting(fake, "g", ("sku",), admin_unit="au")
    provider = Provider(request.param)
    directory = open_directories(_creating_units(tenant, world), http=lambda _: http, tokens=TOKENS)[provider]
    licences = tenant.rules[0].licences if provider is Provider.MICROSOFT else (EDUCATION_PLUS,)
    unit = next(rule.org_unit for rule in tenant.rules if rule.org_unit)
    has_units = provider is Provider.GOOGLE
    admin_unit = None if has_units else _with_admin_unit(world)
    group = tenant.rules[-1].groups[provider][0]
    return Setting(
        directory, group, licences, vendors, world, org_unit=unit, has_units=has_units, admin_unit=admin_unit
    )


def _with_admin_unit(world: World) -> str:
    ((tenant_id, directory),) = world.graph.directories.items()
    unit = NORTH.guid("unit")
    directory.units.add(unit)
    world.graph.tokens.permit(tenant_id, NORTH.guid("client"), GRANTED | FOR_ADMIN_UNITS)
    return unit


def _creating_units(tenant: Tenant, world: World) -> Tenant:
    assert tenant.google is not None
    google = tenant.google.model_copy(update={"create_org_units": True})
    (customer,) = world.google.customers
    (account,) = customer.delegations
    customer.delegate(account, [*customer.delegations[account], ORG_UNIT_SCOPE])
    return tenant.model_copy(update={"google": google})


async def test_a_created_account_is_found_by_marker_and_address(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    (marked,) = await setting.directory.find_marked("S1", timeout=5)
    held = await setting.directory.find_address(f"maria.rossi@{DOMAIN}", timeout=5)
    assert held is not None
    assert (marked.object_id, marked.marker) == (created.object_id, "S1")
    assert (held.object_id, held.marker) == (created.object_id, "S1")


async def test_no_one_is_found_where_no_one_is(setting: Setting) -> None:
    assert list(await setting.directory.find_marked("S1", timeout=5)) == []
    assert await setting.directory.find_address(f"stranger@{DOMAIN}", timeout=5) is None


async def test_a_marker_with_quotes_and_blanks_is_found(setting: Setting) -> None:
    odd = NewAccount(f"odd@{DOMAIN}", "O'N 'x", "Sinead", "O'Neill", "Sinead O'Neill", None)
    await setting.directory.create(odd, PASSWORD, timeout=5)
    assert len(await setting.directory.find_marked("O'N 'x", timeout=5)) == 1


async def test_a_marker_in_other_letters_is_not_ours(setting: Setting) -> None:
    await setting.directory.create(maria(), PASSWORD, timeout=5)
    assert list(await setting.directory.find_marked("s1", timeout=5)) == []


async def test_an_address_can_be_had_once(setting: Setting) -> None:
    await setting.directory.create(maria(), PASSWORD, timeout=5)
    with pytest.raises(AddressTaken):
        await setting.directory.create(maria(2), PASSWORD, timeout=5)


async def test_a_creation_whose_answer_is_lost_is_unknown_and_has_happened(setting: Setting) -> None:
    setting.lose_next_creation()
    with pytest.raises(OutcomeUnknown):
        await setting.directory.create(maria(), PASSWORD, timeout=5)
    assert len(await setting.directory.find_marked("S1", timeout=5)) == 1


async def test_a_throttled_creation_says_how_long_to_wait(setting: Setting) -> None:
    setting.throttle_next_creation(2.5)
    with pytest.raises(Throttled) as refused:
        await setting.directory.create(maria(), PASSWORD, timeout=5)
    assert refused.value.after == 2.5


async def test_grants_may_be_given_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    for _ in range(2):
        await setting.directory.assign_licences(created.object_id, setting.licences, timeout=5)
        await setting.directory.add_to_group(created.object_id, setting.group, timeout=5)


async def test_an_account_is_read_with_what_it_was_given(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.assign_licences(created.object_id, setting.licences, timeout=5)
    await setting.directory.add_to_group(created.object_id, setting.group, timeout=5)
    read = await setting.directory.read(created.object_id, timeout=5)
    groups = await setting.directory.groups_of(created.object_id, [setting.group, "other"], timeout=5)
    assert read is not None
    assert (read.object_id, read.marker, read.enabled) == (created.object_id, "S1", True)
    assert read.licences in {None, frozenset(licence.lower() for licence in setting.licences)}
    assert groups == {setting.group}


async def test_who_has_a_licence_is_known_by_the_account_or_by_the_licence(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    other = await setting.directory.create(replace(maria(2), address=MARRIED), PASSWORD, timeout=5)
    await setting.directory.assign_licences(created.object_id, setting.licences, timeout=5)
    has = [
        await setting.directory.licences_of(one.object_id, [*setting.licences, "other/one"], timeout=5)
        for one in (created, other)
    ]
    assert has == [frozenset(licence.lower() for licence in setting.licences), frozenset()]
    page = await setting.directory.list_licensed(setting.licences[0], None, timeout=5)
    shown = await setting.directory.read(created.object_id, timeout=5)
    assert shown is not None
    assert list(page.addresses) == ([created.address] if shown.licences is None else [])


async def test_the_licences_of_an_account_that_is_not_shown_are_not_known(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.delete(created.object_id, timeout=5)
    with pytest.raises(NotYet):
        await setting.directory.licences_of(created.object_id, setting.licences, timeout=5)


async def test_a_disabled_account_shows_as_disabled_however_it_is_found(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    setting.disable(created.object_id)
    (marked,) = await setting.directory.find_marked(maria().marker, timeout=5)
    shown = [
        marked,
        await setting.directory.find_address(maria().address, timeout=5),
        await setting.directory.read(created.object_id, timeout=5),
    ]
    assert [one and one.enabled for one in shown] == [False, False, False]


async def test_a_suspended_account_is_shown_as_such_until_it_is_reactivated(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    shown: list[bool | None] = []
    for change in (setting.directory.suspend, setting.directory.reactivate):
        for _ in range(2):
            await change(created.object_id, timeout=5)
        found = await setting.directory.read(created.object_id, timeout=5)
        shown.append(found and found.enabled)
    assert shown == [False, True]


async def test_sessions_may_be_ended_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    for _ in range(2):
        await setting.directory.end_sessions(created.object_id, timeout=5)


async def test_licences_that_are_taken_away_are_gone_and_may_be_taken_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.assign_licences(created.object_id, setting.licences, timeout=5)
    for _ in range(2):
        await setting.directory.remove_licences(created.object_id, setting.licences, timeout=5)
    found = await setting.directory.read(created.object_id, timeout=5)
    assert found is not None
    assert not found.licences


async def test_a_deleted_account_is_found_among_the_deleted_only_and_may_be_deleted_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    for _ in range(2):
        await setting.directory.delete(created.object_id, timeout=5)
    assert await setting.directory.read(created.object_id, timeout=5) is None
    (found,) = await setting.directory.find_marked("S1", timeout=5)
    assert (found.object_id, found.deleted) == (created.object_id, True)


async def test_a_deleted_account_can_be_restored(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.delete(created.object_id, timeout=5)
    await setting.directory.restore(created.object_id, org_unit=None, timeout=5)
    found = await setting.directory.read(created.object_id, timeout=5)
    assert found is not None
    assert (found.address, found.marker) == (created.address, "S1")


async def test_the_address_of_a_deleted_account_can_be_had_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.delete(created.object_id, timeout=5)
    assert (await setting.directory.create(maria(2), PASSWORD, timeout=5)).address == created.address


async def test_who_is_not_there_is_deleted_without_a_fault(setting: Setting) -> None:
    await setting.directory.delete("11111111-2222-3333-4444-555555555555", timeout=5)


async def test_a_released_account_bears_no_marker_and_is_as_it_was_besides(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    before = await setting.directory.read(created.object_id, timeout=5)
    for _ in range(2):
        await setting.directory.release(created.object_id, timeout=5)
    assert before is not None
    assert await setting.directory.read(created.object_id, timeout=5) == replace(before, marker=None)
    assert list(await setting.directory.find_marked("S1", timeout=5)) == []


async def test_an_account_that_is_not_shown_is_not_released(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.delete(created.object_id, timeout=5)
    with pytest.raises(NotYet):
        await setting.directory.release(created.object_id, timeout=5)


async def test_an_account_is_moved_where_there_are_units(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    for _ in range(2):
        await setting.directory.move(created.object_id, setting.org_unit, timeout=5)
    found = await setting.directory.read(created.object_id, timeout=5)
    assert found is not None
    assert found.org_unit == (setting.org_unit if setting.has_units else None)


async def test_a_unit_that_does_not_exist_is_created_with_those_above_it(setting: Setting) -> None:
    new = maria(org_unit="/Students/New/7 a")
    created = await until_there(lambda: setting.directory.create(new, PASSWORD, timeout=5))
    shown = [await setting.directory.read(created.object_id, timeout=5)]
    for unit in ("/Leavers/2026", "/Students/New"):
        await until_there(partial(setting.directory.move, created.object_id, unit, timeout=5))
        shown.append(await setting.directory.read(created.object_id, timeout=5))
    units = ["/Students/New/7 a", "/Leavers/2026", "/Students/New"]
    assert [found and found.org_unit for found in shown] == [unit if setting.has_units else None for unit in units]


async def test_a_renamed_account_has_its_new_address_and_is_as_it_was_besides(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    setting.give_mailbox(created.object_id)
    before = await setting.directory.read(created.object_id, timeout=5)
    for _ in range(2):
        await setting.directory.rename(created.object_id, MARRIED, timeout=5)
    assert before is not None
    assert await setting.directory.read(created.object_id, timeout=5) == replace(before, address=MARRIED)
    (marked,) = await setting.directory.find_marked("S1", timeout=5)
    assert marked.address == MARRIED


async def test_a_renamed_account_is_found_by_its_former_address_too(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    setting.give_mailbox(created.object_id)
    await setting.directory.rename(created.object_id, MARRIED, timeout=5)
    found = [await setting.directory.find_address(address, timeout=5) for address in (created.address, MARRIED)]
    assert [one and (one.object_id, one.address) for one in found] == [(created.object_id, MARRIED)] * 2


async def test_the_former_address_of_an_account_is_not_given_to_another(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    setting.give_mailbox(created.object_id)
    await setting.directory.rename(created.object_id, MARRIED, timeout=5)
    with pytest.raises(AddressTaken):
        await setting.directory.create(maria(2), PASSWORD, timeout=5)


async def test_an_account_may_have_its_former_address_back(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    setting.give_mailbox(created.object_id)
    for address in (MARRIED, created.address):
        await setting.directory.rename(created.object_id, address, timeout=5)
    found = await setting.directory.find_address(MARRIED, timeout=5)
    assert found is not None
    assert (found.object_id, found.address) == (created.object_id, created.address)


async def test_an_account_is_not_renamed_to_another_s_address(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    other = await setting.directory.create(replace(maria(2), address=MARRIED), PASSWORD, timeout=5)
    with pytest.raises(AddressTaken):
        await setting.directory.rename(other.object_id, created.address, timeout=5)
    unchanged = await setting.directory.read(other.object_id, timeout=5)
    assert unchanged is not None
    assert unchanged.address == MARRIED


async def test_an_account_that_is_not_shown_is_not_renamed(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.delete(created.object_id, timeout=5)
    with pytest.raises(NotYet):
        await setting.directory.rename(created.object_id, MARRIED, timeout=5)


async def test_a_member_that_is_removed_is_none_any_more_and_may_be_removed_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.add_to_group(created.object_id, setting.group, timeout=5)
    for _ in range(2):
        await setting.directory.remove_from_group(created.object_id, setting.group, timeout=5)
    assert await setting.directory.groups_of(created.object_id, [setting.group], timeout=5) == frozenset()


async def test_an_account_says_of_its_owner_what_it_was_created_with(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    found = await setting.directory.read(created.object_id, timeout=5)
    assert found is not None
    assert found.profile == written(setting.directory.provider, asdict(maria()))


async def test_what_is_updated_changes_and_the_rest_stays(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    before = written(setting.directory.provider, asdict(maria()))
    changes = {ProfilePart.FAMILY_NAME: "Bianchi", ProfilePart.PREFERRED_LANGUAGE: "it"}
    for _ in range(2):
        await setting.directory.update(created.object_id, changes, timeout=5)
    found = await setting.directory.read(created.object_id, timeout=5)
    assert found is not None
    assert found.profile == {**before, **changes}


async def test_a_language_can_be_cleared(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.update(created.object_id, {ProfilePart.PREFERRED_LANGUAGE: None}, timeout=5)
    found = await setting.directory.read(created.object_id, timeout=5)
    assert found is not None
    assert found.profile[ProfilePart.PREFERRED_LANGUAGE] is None


async def test_no_one_is_read_where_no_one_is(setting: Setting) -> None:
    assert await setting.directory.read("11111111-2222-3333-4444-555555555555", timeout=5) is None


async def test_a_new_account_was_used_by_no_one(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    assert await setting.directory.was_used(created.object_id, password_set_at=None, timeout=5) is False


async def test_a_password_may_be_replaced_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    for _ in range(2):
        await setting.directory.replace_password(created.object_id, "Other-pass-12345", timeout=5)


async def test_an_account_whose_marker_was_lost_is_marked_again(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.mark(created.object_id, "S9", timeout=5)
    (marked,) = await setting.directory.find_marked("S9", timeout=5)
    assert marked.object_id == created.object_id


async def test_wrong_credentials_hold_the_whole_tenant(
    tenant: Tenant, http: HttpClient, world: World, vendors: VendorServer
) -> None:
    del vendors
    (world.directory / "secrets/north.graph").write_text("wrong")
    directory = open_directories(tenant, http=lambda _: http, tokens=TOKENS)[Provider.MICROSOFT]
    with pytest.raises(Hold) as held:
        await directory.find_marked("S1", timeout=5)
    assert held.value.scope is Scope.TENANT
    assert "AADSTS7000215" in str(held.value)


async def test_a_token_that_is_refused_is_renewed_once(tenant: Tenant, http: HttpClient, world: World) -> None:
    directories = open_directories(tenant, http=lambda _: http, tokens=TOKENS)
    await directories[Provider.GOOGLE].find_marked("S1", timeout=5)
    world.google.tokens.revoke_all()
    await directories[Provider.GOOGLE].find_marked("S1", timeout=5)


async def test_a_vendor_without_a_certificate_that_we_trust_is_sent_nothing(tenant: Tenant) -> None:
    untrusting = tenant.model_copy(
        update={"microsoft": tenant.microsoft.model_copy(update={"ca_file": None}) if tenant.microsoft else None}
    )
    async with HttpClient() as http:
        directory = open_directories(untrusting, http=lambda _: http, tokens=TOKENS)[Provider.MICROSOFT]
        with pytest.raises(Unavailable):
            await directory.find_marked("S1", timeout=5)


async def everybody(setting: Setting, *, deleted: bool) -> list[Found]:
    """All pages."""
    page = await setting.directory.list_accounts(None, deleted=deleted, timeout=5)
    found = list(page.accounts)
    while page.following is not None:
        page = await setting.directory.list_accounts(page.following, deleted=deleted, timeout=5)
        found += page.accounts
    return found


async def test_all_accounts_are_listed_with_what_they_have(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.assign_licences(created.object_id, setting.licences, timeout=5)
    setting.disable(created.object_id)
    (listed,) = [one for one in await everybody(setting, deleted=False) if one.object_id == created.object_id]
    assert (listed.marker, listed.address, listed.enabled, listed.deleted) == ("S1", maria().address, False, False)
    assert listed.licences in {None, frozenset(licence.lower() for licence in setting.licences)}
    assert await everybody(setting, deleted=True) == []


async def test_deleted_accounts_are_listed_apart(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    setting.delete(created.object_id)
    (deleted,) = await everybody(setting, deleted=True)
    assert (deleted.object_id, deleted.marker, deleted.deleted) == (created.object_id, "S1", True)
    assert created.object_id not in {one.object_id for one in await everybody(setting, deleted=False)}


async def test_a_groups_members_are_listed(setting: Setting) -> None:
    created = await setting.directory.create(maria(), PASSWORD, timeout=5)
    await setting.directory.add_to_group(created.object_id, setting.group, timeout=5)
    page = await setting.directory.list_members(setting.group, None, timeout=5)
    assert (list(page.object_ids), page.following) == ([created.object_id], None)
    assert list((await setting.directory.list_members("no-group", None, timeout=5)).object_ids) == []


async def test_an_account_is_put_into_an_administrative_unit_and_taken_out_any_number_of_times(
    setting: Setting,
) -> None:
    directory, unit = setting.directory, setting.admin_unit or "none"
    created = await directory.create(maria(), PASSWORD, timeout=5)
    for _ in range(2):
        await directory.join_admin_unit(created.object_id, unit, timeout=5)
    if setting.admin_unit is not None:
        assert await directory.groups_of(created.object_id, [unit, "other"], timeout=5) == {unit}
    for _ in range(2):
        await directory.leave_admin_unit(created.object_id, unit, timeout=5)
    assert await directory.groups_of(created.object_id, [unit], timeout=5) == frozenset()


async def test_an_administrative_unit_s_members_are_listed(setting: Setting) -> None:
    directory, unit = setting.directory, setting.admin_unit or "none"
    created = await directory.create(maria(), PASSWORD, timeout=5)
    await directory.join_admin_unit(created.object_id, unit, timeout=5)
    page = await directory.list_admin_unit_members(unit, None, timeout=5)
    assert list(page.object_ids) == ([created.object_id] if setting.admin_unit else [])
    assert list((await directory.list_admin_unit_members("no-unit", None, timeout=5)).object_ids) == []
