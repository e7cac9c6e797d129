"""What a token and Graph show of one institution: permissions, groups, licences, the marker's property. Pure.

Sources, all Microsoft's pages: "Access token claims reference" (`roles`: the application permissions that were consented to), "group
resource type", "administrativeUnit resource type", "subscribedSku resource type", "Troubleshoot 403 error when adding a user to a group",
and "Restricted management administrative units in Microsoft Entra ID".
"""

import base64
import binascii
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, cast

from consumer.configuration.document import Place
from consumer.events import Provider, ProviderAction
from consumer.http.answer import Answer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.answers import unchecked
from consumer.providers.microsoft.directory import FOR_ADMIN_UNITS, PERMISSIONS
from consumer.tenants import MicrosoftSection, Tenant, licence_provider

ONLY_FOR_CHECKS: Mapping[str, str] = {"LicenseAssignment.Read.All": "see which licences exist, and how many are left"}
"""Permissions that only this check uses, and what for. Without them it says what it could not see."""

_CLIENT: Place = ("microsoft", "client_id")

_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_LICENCES, _PASSWORDS = "LicenseAssignment.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"
_SUSPEND = {ProviderAction.SUSPEND_ACCOUNT, ProviderAction.DELETE_ACCOUNT}
_SESSIONS = "User.RevokeSessions.All"
_PURPOSES: Mapping[str, str] = {
    **PERMISSIONS,
    "User.DeleteRestore.All": "delete accounts, and bring deleted ones back",
    "User.Read.All": "find deleted accounts, and read what accounts are members of",
    "RoleManagement.Read.Directory": "see whether an account is an administrator's",
    _LICENCES: "give licences",
    "GroupMember.ReadWrite.All": "add students to groups, and recognise groups that roles can be assigned to",
    "AdministrativeUnit.ReadWrite.All": "put students into administrative units",
}


def roles_in(token: str) -> frozenset[str] | None:
    """The application permissions that the token carries; None where they cannot be read.

    The token is not verified: its permissions are only reported, and decide nothing.
    """
    try:
        payload = token.split(".")[1]
        claims: object = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return None
    roles: object = cast("dict[str, Any]", claims).get("roles", []) if isinstance(claims, dict) else None
    return frozenset(str(role) for role in cast("list[object]", roles)) if isinstance(roles, list) else None


def needed(tenant: Tenant) -> Mapping[str, str]:
    """The permissions that the tenant's configuration needs, and what for.

    The permission for groups is needed without groups in `rules` too: without it Graph does not show whether an account that might be
    adopted is in a role-assignable group.
    """
    spared: set[str] = set()
    if not tenant.gives_licences_at(Provider.MICROSOFT):
        spared.add(_LICENCES)
    if not tenant.welcome_email.enabled:
        spared.add(_PASSWORDS)
    suspends = any(row.provider_action in _SUSPEND for row in tenant.statuses)
    if not (suspends and tenant.suspension.end_sessions):
        spared.add(_SESSIONS)
    besides = FOR_ADMIN_UNITS if any(rule.admin_unit for rule in tenant.rules) else {}
    return {name: purpose for name, purpose in PERMISSIONS.items() if name not in spared} | besides


def of_permissions(roles: Collection[str] | None, tenant: Tenant) -> Iterator[Finding]:
    """One line for each permission that is missing, and for each that nothing here uses."""
    if roles is None:
        right = "Compare the application's permissions in Entra with docs/vendors.md."
        yield Finding(_CLIENT, "could not be checked: the token does not show the permissions", right, note=True)
        return
    demanded = needed(tenant)
    if not demanded.keys() & set(roles):
        right = (
            "Add the application permissions (not delegated ones) of docs/vendors.md in Entra, under API permissions, "
            "and grant admin consent."
        )
        yield Finding(_CLIENT, "has none of the permissions that are needed", right)
    else:
        for name in demanded.keys() - set(roles):
            right = f"Add the application permission `{name}` in Entra, under API permissions, and grant admin consent."
            yield Finding(_CLIENT, f"lacks `{name}`, needed to {_PURPOSES[name]}", right)
    for name in sorted(set(roles) - PERMISSIONS.keys() - FOR_ADMIN_UNITS.keys() - ONLY_FOR_CHECKS.keys()):
        yield Finding(
            _CLIENT, f"has `{name}`, which the service does not use", "Remove the permission in Entra.", note=True
        )


def of_group(answer: Answer, place: Place) -> Sequence[Finding]:
    """A group of `rules`: whether Graph can add members to it. A refusal is reported as the missing permission."""
    if answer.status in _REFUSED:
        return []
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}:
        right = "Copy the group's object id from Entra, or remove it here."
        return [Finding(place, "is not a group of this directory", right)]
    if answer.status != HTTPStatus.OK:
        return [unchecked(place, "the group", answer)]
    group = answer.json()
    kinds = cast("list[str]", group.get("groupTypes") or [])
    wrong = None
    if group.get("onPremisesSyncEnabled") is True:
        wrong = "names a group that is synchronised from a directory on premises"
    elif "DynamicMembership" in kinds:
        wrong = "names a group with dynamic membership, which has no members of its own"
    elif group.get("isAssignableToRole") is True:
        wrong = "names a group that roles can be assigned to, which this application cannot add members to"
    elif group.get("mailEnabled") is True and "Unified" not in kinds:
        wrong = "names a mail-enabled security group or distribution list, whose members are managed in Exchange"
    right = "Use a security or Microsoft 365 group with assigned membership that is managed in the cloud."
    return [Finding(place, wrong, right)] if wrong else []


def of_admin_unit(answer: Answer, place: Place) -> Sequence[Finding]:
    """An administrative unit of `rules`. A refusal is reported as the missing permission."""
    if answer.status in _REFUSED:
        return []
    if answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST}:
        right = "Copy the administrative unit's object id from Entra, or remove it here."
        return [Finding(place, "is not an administrative unit of this directory", right)]
    if answer.status != HTTPStatus.OK:
        return [unchecked(place, "the administrative unit", answer)]
    return list(_of_kind(answer.json(), place))


def _of_kind(unit: Mapping[str, Any], place: Place) -> Iterator[Finding]:
    if unit.get("membershipType") == "Dynamic":
        wrong = "names an administrative unit with dynamic membership, which takes no members by hand"
        yield Finding(place, wrong, "Use one with assigned membership.")
    if unit.get("isMemberManagementRestricted") is True:
        wrong = "names a restricted management administrative unit: the application's permissions do not apply to accounts in it"
        right = "Assign the application the roles of docs/vendors.md at the scope of this unit, or use another one."
        yield Finding(place, wrong, right, note=True)
    if unit.get("visibility") == "HiddenMembership":
        wrong = "names an administrative unit that hides its members: it can't be read who is in it"
        yield Finding(place, wrong, "Use a public one, or expect reconciliations to report its accounts.", note=True)


def of_licences(answer: Answer, tenant: Tenant, roles: Collection[str] | None) -> Iterator[Finding]:
    """The directory's subscriptions against the licences of `rules`. A missing permission to assign licences is reported alone."""
    if answer.status in _REFUSED and roles is not None and _LICENCES not in roles:
        return
    places = [
        (("rules", number, "licences", position), sku)
        for number, rule in enumerate(tenant.rules)
        for position, sku in enumerate(rule.licences)
        if licence_provider(sku) is Provider.MICROSOFT
    ]
    rows = answer.json().get("value")
    if answer.status != HTTPStatus.OK or not isinstance(rows, list):
        right = "To have licences checked, grant `LicenseAssignment.Read.All` too (docs/vendors.md)."
        known = right if answer.status in _REFUSED else "Run the check again later."
        yield unchecked(places[0][0], "which licences exist, and how many are left", answer, known)
        return
    subscribed = {str(row.get("skuId")).lower(): row for row in cast("list[dict[str, Any]]", rows)}
    for place, sku in places:
        if found := _licence(subscribed.get(sku.lower()), place):
            yield found


def _licence(row: Mapping[str, Any] | None, place: Place) -> Finding | None:
    if row is None:
        right = "Give the `skuId` of a subscription that the institution has (Graph: `subscribedSkus`), or buy it."
        return Finding(place, "is not a licence of this institution", right)
    name = row.get("skuPartNumber") or "this licence"
    if row.get("appliesTo") == "Company":
        return Finding(
            place, f"is a licence for the whole organisation ({name})", "Remove it: it is not given to users."
        )
    if row.get("capabilityStatus") not in {None, "Enabled", "Warning"}:
        wrong = f"is a licence whose subscription is {str(row['capabilityStatus']).lower()} ({name})"
        return Finding(place, wrong, "Renew the subscription, or use another licence.")
    units = cast("Mapping[str, int]", row.get("prepaidUnits") or {})
    left = units.get("enabled", 0) + units.get("warning", 0) - int(row.get("consumedUnits") or 0)
    if left <= 0:
        right = "Buy more, or take them from accounts that no longer need them."
        return Finding(place, f"is a licence with no units left ({name})", right)
    return None


def of_marker(answer: Answer, section: MicrosoftSection) -> Sequence[Finding]:
    """A search by the property that holds the marker."""
    place: Place = ("microsoft", "marker")
    if answer.status == HTTPStatus.BAD_REQUEST:
        right = (
            "Register the directory extension for users on an application of this directory, or use another property."
        )
        return [Finding(place, f"names `{section.marker}`, which this directory does not have", right)]
    if answer.status == HTTPStatus.OK or answer.status in _REFUSED:
        return []
    return [unchecked(place, "whether the directory has this property", answer)]
