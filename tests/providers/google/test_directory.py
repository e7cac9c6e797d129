"""What Google's directory does beyond what every directory keeps."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import pytest

from consumer.errors import AddressTaken, GiveUp, Hold, NotYet, OutcomeUnknown, Reason, Scope
from consumer.events import Provider, SignOnIdentity
from consumer.http.client import HttpClient
from consumer.policy.profile import ProfilePart
from consumer.providers.factory import open_directories
from consumer.providers.port import Directory
from consumer.tenants import Tenant
from sandbox.simulators.google.customer import MOST_ALIASES, Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.user import User
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import Quirks
from sandbox.simulators.world import World
from tests.providers.conftest import TOKENS, answers
from tests.providers.people import DOMAIN, MARIA, PASSWORD, maria

LANGUAGE = ProfilePart.PREFERRED_LANGUAGE
MARRIED = f"maria.bianchi@{DOMAIN}"
STRANGER = "100000000000000000000"
TAKEN = {"error": {"code": 409, "message": "Entity already exists.", "errors": [{"reason": "duplicate"}]}}
CONFLICT = {"error": {"code": 409, "message": "Member already exists.", "errors": [{"reason": "duplicate"}]}}


@pytest.fixture
def customer(world: World) -> Customer:
    (one,) = world.google.customers
    return one


@pytest.fixture
def directory(tenant: Tenant, http: HttpClient) -> Directory:
    return open_directories(tenant, http=lambda _: http, tokens=TOKENS)[Provider.GOOGLE]


@pytest.fixture
def group(customer: Customer) -> str:
    return customer.groups.all[0].email


async def created(directory: Directory, number: int = 1) -> str:
    """The id of a new account."""
    return (await directory.create(maria(number), PASSWORD, timeout=5)).object_id


def user(customer: Customer, object_id: str) -> User:
    found = customer.find(object_id)
    assert found is not None
    return found


# --- creation ---


async def test_a_creation_whose_answer_names_no_object_is_unknown(directory: Directory, vendors: VendorServer) -> None:
    answers(vendors, "directory.users.insert", 200, {"primaryEmail": MARIA})
    with pytest.raises(OutcomeUnknown):
        await directory.create(maria(), PASSWORD, timeout=5)


async def test_the_marker_of_a_new_account_is_what_google_says_that_it_kept(
    directory: Directory, vendors: VendorServer
) -> None:
    assert (await directory.create(maria(), PASSWORD, timeout=5)).marker == "S1"
    answers(vendors, "directory.users.insert", 200, {"id": "1", "primaryEmail": MARIA})
    assert (await directory.create(maria(), PASSWORD, timeout=5)).marker is None


async def test_a_unit_that_is_not_there_waits_for_a_person(directory: Directory) -> None:
    with pytest.raises(Hold) as held:
        await directory.create(maria(org_unit="/Nowhere"), PASSWORD, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.ORG_UNIT_MISSING, Scope.RESOURCE)


async def test_a_full_domain_holds_all_creations(directory: Directory, customer: Customer) -> None:
    customer.user_limit = 0
    with pytest.raises(Hold) as held:
        await directory.create(maria(), PASSWORD, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.LICENCES_EXHAUSTED, Scope.OPERATION)


# --- looking for accounts ---


async def test_a_deleted_account_of_ours_is_found_as_deleted(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    customer.delete(object_id)
    (found,) = await directory.find_marked("S1", timeout=5)
    assert (found.object_id, found.marker, found.deleted) == (object_id, "S1", True)


async def test_an_alias_is_held_by_its_owner_who_has_another_address(directory: Directory, customer: Customer) -> None:
    owner = customer.add_user(f"aaa@{DOMAIN}", marker="S7", aliases=[MARIA])
    holder = await directory.find_address(MARIA, timeout=5)
    assert holder is not None
    assert (holder.object_id, holder.address, holder.marker) == (owner.id, f"aaa@{DOMAIN}", "S7")


async def test_an_address_that_a_group_has_is_found_by_no_one(directory: Directory, group: str) -> None:
    assert await directory.find_address(group, timeout=5) is None


@pytest.mark.parametrize("role", ["is_admin", "is_delegated_admin"])
async def test_an_administrator_is_known_as_one(directory: Directory, customer: Customer, role: str) -> None:
    object_id = await created(directory)
    assert not await directory.is_privileged(object_id, timeout=5)
    setattr(user(customer, object_id), role, True)
    assert await directory.is_privileged(object_id, timeout=5)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"id": STRANGER, "primaryEmail": MARIA}),
        (200, {"id": STRANGER, "isAdmin": False}),
        (403, {"error": {"code": 403, "message": "Not Authorized …", "errors": [{"reason": "forbidden"}]}}),
    ],
)
async def test_where_roles_cannot_be_read_those_wait_who_need_them(
    directory: Directory, vendors: VendorServer, status: int, body: Any
) -> None:
    answers(vendors, "directory.users.get", status, body)
    with pytest.raises(Hold) as held:
        await directory.is_privileged(STRANGER, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.ROLES_UNREADABLE, Scope.RESOURCE)


async def test_a_guest_is_known_as_one(directory: Directory, customer: Customer) -> None:
    customer.add_user(MARIA, marker="S1", is_guest=True)
    customer.add_user(f"other@{DOMAIN}", marker="S2")
    (guest,) = await directory.find_marked("S1", timeout=5)
    (other,) = await directory.find_marked("S2", timeout=5)
    assert (guest.guest, guest.synchronised, other.guest) == (True, False, False)


async def test_a_user_without_an_id_waits_for_a_person(directory: Directory, vendors: VendorServer) -> None:
    answers(vendors, "directory.users.get", 200, {"kind": "admin#directory#user", "primaryEmail": MARIA})
    with pytest.raises(Hold) as held:
        await directory.find_address(MARIA, timeout=5)
    assert held.value.reason is Reason.UNEXPECTED_ANSWER


# --- marking, deleting and restoring ---


async def test_marking_leaves_the_external_ids_of_others_alone(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    others = {"type": "organization", "value": "E-77"}
    customer.update(object_id, {"externalIds": [others]})
    await directory.mark(object_id, "S1", timeout=5)
    assert user(customer, object_id).external == [
        others,
        {"type": "custom", "customType": "provisioner", "value": "S1"},
    ]


async def test_releasing_leaves_the_external_ids_of_others_alone(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    others = [{"type": "organization", "value": "E-77"}, {"type": "custom", "customType": "library", "value": "S1"}]
    customer.update(object_id, {"externalIds": [*others, *user(customer, object_id).external]})
    await directory.release(object_id, timeout=5)
    assert user(customer, object_id).external == others


async def test_an_account_without_a_marker_is_not_written_to(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    theirs = customer.add_user(MARIA)
    await directory.release(theirs.id, timeout=5)
    assert "directory.users.patch" not in [entry.route for entry in vendors.audit.entries()]


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(settling=60))])
@pytest.mark.parametrize("change", ["delete", "release"])
async def test_an_account_that_google_has_not_finished_is_taken_away_later(directory: Directory, change: str) -> None:
    object_id = await created(directory)
    with pytest.raises(NotYet):
        await getattr(directory, change)(object_id, timeout=5)


async def test_a_404_that_is_not_google_s_own_does_not_prove_that_no_one_is_there(
    directory: Directory, vendors: VendorServer
) -> None:
    answers(vendors, "directory.users.delete", 404, {"message": "no such host"})
    with pytest.raises(OutcomeUnknown):
        await directory.delete(STRANGER, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(delete_status=status)) for status in (200, 204)])
async def test_an_answer_without_content_is_success_by_either_status(directory: Directory, group: str) -> None:
    object_id = await created(directory)
    await directory.add_to_group(object_id, group, timeout=5)
    await directory.remove_from_group(object_id, group, timeout=5)
    await directory.delete(object_id, timeout=5)
    await directory.restore(object_id, org_unit=None, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(settling=60))])
async def test_an_account_that_google_has_not_finished_is_marked_later(directory: Directory) -> None:
    object_id = await created(directory)
    with pytest.raises(NotYet):
        await directory.mark(object_id, "S1", timeout=5)


async def test_a_restored_account_has_its_id_its_address_and_its_marker_back(
    directory: Directory, customer: Customer
) -> None:
    object_id = await created(directory)
    customer.delete(object_id)
    await directory.restore(object_id, org_unit=None, timeout=5)
    restored = await directory.read(object_id, timeout=5)
    assert restored is not None
    assert (restored.object_id, restored.address, restored.marker) == (object_id, MARIA, "S1")
    assert not restored.deleted


async def test_a_restored_account_is_put_where_the_rules_put_it(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    customer.delete(object_id)
    await directory.restore(object_id, org_unit="/Students/north", timeout=5)
    assert user(customer, object_id).org_unit == "/Students/north"


async def test_a_deleted_account_whose_address_has_another_holder_waits_for_a_person(
    directory: Directory, customer: Customer
) -> None:
    object_id = await created(directory)
    customer.delete(object_id)
    customer.add_user(MARIA)
    with pytest.raises(Hold) as held:
        await directory.restore(object_id, org_unit=None, timeout=5)
    assert (held.value.reason, held.value.scope is Scope.TENANT) == (Reason.ACCOUNT_CONFLICT, False)


# --- renaming ---


@pytest.mark.parametrize(
    "quirks",
    [Quirks(google=GoogleQuirks(renames_to_aliases=taken)) for taken in (True, False)],
    ids=["taken over", "to be removed first"],
)
async def test_an_alias_of_the_account_s_own_becomes_its_address(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    for address in (MARRIED, MARIA):
        await directory.rename(object_id, address, timeout=5)
    renamed = user(customer, object_id)
    assert (renamed.primary_email, renamed.aliases) == (MARIA, [MARRIED])


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(renames_to_aliases=False, keeps_addresses=60))])
async def test_an_alias_that_was_removed_and_is_not_free_yet_is_waited_for(directory: Directory) -> None:
    object_id = await created(directory)
    await directory.rename(object_id, MARRIED, timeout=5)
    with pytest.raises(NotYet) as waiting:
        await directory.rename(object_id, MARIA, timeout=5)
    assert (waiting.value.reason, waiting.value.code) == (Reason.CHANGE_NOT_VISIBLE, "409 duplicate")


async def test_a_right_to_remove_aliases_that_is_missing_holds_only_those_who_need_it(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    customer.quirks = GoogleQuirks(renames_to_aliases=False)
    object_id = await created(directory)
    await directory.rename(object_id, MARRIED, timeout=5)
    forbidden = {"error": {"code": 403, "message": "…", "errors": [{"reason": "forbidden"}]}}
    answers(vendors, "directory.users.aliases.delete", 403, forbidden)
    with pytest.raises(Hold) as held:
        await directory.rename(object_id, MARIA, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.CONSENT_MISSING, Scope.RESOURCE)
    assert user(customer, object_id).aliases == [MARIA]


async def test_a_conflict_over_an_address_that_the_account_has_by_now_is_none(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    object_id = await created(directory)
    customer.update(object_id, {"primaryEmail": MARRIED})
    answers(vendors, "directory.users.patch", 409, TAKEN)
    await directory.rename(object_id, MARRIED, timeout=5)


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(rename_takes=600))])
async def test_a_conflict_over_a_rename_that_does_not_show_yet_is_looked_at_again(
    directory: Directory, customer: Customer, vendors: VendorServer
) -> None:
    object_id = await created(directory)
    customer.update(object_id, {"primaryEmail": MARRIED})
    answers(vendors, "directory.users.patch", 409, TAKEN)
    with pytest.raises(NotYet) as waiting:
        await directory.rename(object_id, MARRIED, timeout=5)
    assert waiting.value.reason is Reason.CHANGE_NOT_VISIBLE


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(rename_takes=600))])
async def test_a_new_address_may_not_show_yet(directory: Directory) -> None:
    object_id = await created(directory)
    await directory.rename(object_id, MARRIED, timeout=5)
    shown = await directory.read(object_id, timeout=5)
    assert shown is not None
    assert shown.address == MARIA


async def test_an_address_of_a_group_is_taken(directory: Directory, group: str) -> None:
    object_id = await created(directory)
    with pytest.raises(AddressTaken):
        await directory.rename(object_id, group, timeout=5)


async def test_an_alias_of_another_is_taken_and_stays_theirs(directory: Directory, customer: Customer) -> None:
    owner = customer.add_user(f"aaa@{DOMAIN}", aliases=[MARRIED])
    object_id = await created(directory)
    with pytest.raises(AddressTaken):
        await directory.rename(object_id, MARRIED, timeout=5)
    assert owner.aliases == [MARRIED]


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(keeps_addresses=60))])
async def test_an_address_that_was_given_up_lately_is_taken_although_no_one_shows_it(
    directory: Directory, customer: Customer
) -> None:
    customer.add_user(f"aaa@{DOMAIN}", aliases=[MARRIED])
    customer.remove_alias(f"aaa@{DOMAIN}", MARRIED)
    object_id = await created(directory)
    with pytest.raises(AddressTaken):
        await directory.rename(object_id, MARRIED, timeout=5)
    assert await directory.find_address(MARRIED, timeout=5) is None


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(alias_limit_status=status)) for status in (412, 403)])
async def test_an_account_with_as_many_aliases_as_it_may_have_waits_alone(
    directory: Directory, customer: Customer
) -> None:
    object_id = await created(directory)
    for number in range(MOST_ALIASES):
        customer.add_alias(object_id, f"m{number}@{DOMAIN}")
    with pytest.raises(Hold) as held:
        await directory.rename(object_id, MARRIED, timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.QUOTA_EXCEEDED, Scope.STUDENT)


@pytest.mark.parametrize(
    ("quirks", "scope"),
    [
        (Quirks(google=GoogleQuirks(foreign_domain="input")), Scope.STUDENT),
        (Quirks(google=GoogleQuirks(foreign_domain="domain")), Scope.OPERATION),
    ],
    ids=["input", "domain"],
)
async def test_an_address_of_a_foreign_domain_waits_for_a_person(directory: Directory, scope: Scope) -> None:
    object_id = await created(directory)
    with pytest.raises(Hold) as held:
        await directory.rename(object_id, "maria@elsewhere.example", timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.DOMAIN_NOT_VERIFIED, scope)


@pytest.mark.parametrize("quirks", [Quirks(google=GoogleQuirks(settling=60))])
async def test_an_account_that_google_has_not_finished_is_renamed_later(directory: Directory) -> None:
    object_id = await created(directory)
    with pytest.raises(NotYet):
        await directory.rename(object_id, MARRIED, timeout=5)


# --- grants ---


@pytest.mark.parametrize(
    "quirks",
    [
        Quirks(google=GoogleQuirks(member_conflict_reason=cast("Any", reason)))
        for reason in ("duplicate", "conflict", "generic409")
    ],
    ids=lambda quirks: quirks.google.member_conflict_reason,
)
async def test_a_conflict_over_a_member_is_settled_by_reading_it(
    directory: Directory, group: str, vendors: VendorServer
) -> None:
    object_id = await created(directory)
    for _ in range(2):
        await directory.add_to_group(object_id, group, timeout=5)
    assert vendors.audit.entries()[-1].route == "directory.members.get"


async def test_a_member_that_the_group_does_not_show_is_none_yet(
    directory: Directory, group: str, vendors: VendorServer
) -> None:
    object_id = await created(directory)
    answers(vendors, "directory.members.insert", 409, CONFLICT)
    with pytest.raises(NotYet):
        await directory.add_to_group(object_id, group, timeout=5)


async def test_a_group_that_is_not_there_waits_for_a_person(directory: Directory) -> None:
    with pytest.raises(Hold) as held:
        await directory.add_to_group(await created(directory), f"stranger@{DOMAIN}", timeout=5)
    assert (held.value.reason, held.value.scope) == (Reason.GROUP_MISSING, Scope.RESOURCE)


_OF_ONE_RIGHT: Mapping[str, tuple[str, Callable[[Directory, str, str], Awaitable[object]], Reason]] = {
    "create": ("directory.users.insert", lambda d, _, __: d.create(maria(), PASSWORD, timeout=5), Reason.CONSENT_MISSING),
    "group": ("directory.members.insert", lambda d, i, g: d.add_to_group(i, g, timeout=5), Reason.GROUP_REFUSED),
    "leaving": ("directory.members.delete", lambda d, i, g: d.remove_from_group(i, g, timeout=5), Reason.GROUP_REFUSED),
    "profile": ("directory.users.patch", lambda d, i, _: d.update(i, {LANGUAGE: "it"}, timeout=5), Reason.CONSENT_MISSING),
    "restore": ("directory.users.undelete", lambda d, i, _: d.restore(i, org_unit=None, timeout=5), Reason.CONSENT_MISSING),
    "password": ("directory.users.patch", lambda d, i, _: d.replace_password(i, PASSWORD, timeout=5), Reason.CONSENT_MISSING),
    "deletion": ("directory.users.delete", lambda d, i, _: d.delete(i, timeout=5), Reason.CONSENT_MISSING),
    "release": ("directory.users.patch", lambda d, i, _: d.release(i, timeout=5), Reason.CONSENT_MISSING),
    "marker": ("directory.users.patch", lambda d, i, _: d.mark(i, "S1", timeout=5), Reason.CONSENT_MISSING),
    "rename": ("directory.users.patch", lambda d, i, _: d.rename(i, MARRIED, timeout=5), Reason.CONSENT_MISSING),
}  # fmt: skip


@pytest.mark.parametrize("what", _OF_ONE_RIGHT)
async def test_a_right_that_only_one_kind_of_call_needs_holds_only_such_calls(
    directory: Directory, vendors: VendorServer, group: str, what: str
) -> None:
    route, call, reason = _OF_ONE_RIGHT[what]
    object_id = await created(directory)
    answers(vendors, route, 403, {"error": {"code": 403, "message": "…", "errors": [{"reason": "forbidden"}]}})
    with pytest.raises(Hold) as held:
        await call(directory, object_id, group)
    assert (held.value.reason, held.value.scope) == (reason, Scope.RESOURCE)


async def test_who_is_no_member_and_of_what_is_no_group_is_removed_without_a_fault(
    directory: Directory, group: str
) -> None:
    object_id = await created(directory)
    await directory.remove_from_group(object_id, group, timeout=5)
    await directory.remove_from_group(object_id, f"stranger@{DOMAIN}", timeout=5)


async def test_a_name_that_google_refuses_is_the_student_s(directory: Directory) -> None:
    with pytest.raises(GiveUp) as refused:
        await directory.update(await created(directory), {ProfilePart.FAMILY_NAME: "x" * 90}, timeout=5)
    assert refused.value.reason is Reason.INVALID_PROFILE


async def test_several_languages_are_not_what_was_written(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    user(customer, object_id).kept["languages"] = [{"languageCode": "el"}, {"customLanguage": "Griko"}]
    found = await directory.read(object_id, timeout=5)
    assert found is not None
    assert found.profile[LANGUAGE] == "el, Griko"


async def test_an_account_that_the_group_does_not_see_yet_is_tried_again(directory: Directory, group: str) -> None:
    with pytest.raises(NotYet):
        await directory.add_to_group(STRANGER, group, timeout=5)


# --- whether anyone has signed in ---


async def test_a_sign_in_shows_whatever_password_was_set_since(directory: Directory, customer: Customer) -> None:
    object_id = await created(directory)
    assert customer.sign_in(MARIA, PASSWORD)
    await directory.replace_password(object_id, "Other-pass-12345", timeout=5)
    assert await directory.was_used(object_id, password_set_at=None, timeout=5) is True


async def test_without_a_last_sign_in_no_one_can_tell(directory: Directory, vendors: VendorServer) -> None:
    answers(vendors, "directory.users.get", 200, {"id": STRANGER, "primaryEmail": MARIA})
    assert await directory.was_used(STRANGER, password_set_at=None, timeout=5) is None


async def test_an_account_that_is_not_visible_is_asked_for_again(directory: Directory) -> None:
    with pytest.raises(NotYet):
        await directory.was_used(STRANGER, password_set_at=None, timeout=5)


# --- signing in elsewhere ---


def test_an_account_is_known_elsewhere_by_its_id(directory: Directory) -> None:
    assert directory.identity("1") == SignOnIdentity("https://accounts.google.com", "1")
