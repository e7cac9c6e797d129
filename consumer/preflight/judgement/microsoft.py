"""What Entra and Graph show of one institution. Pure.

Sources, all Microsoft's: the pages "Microsoft Entra authentication and authorization error codes" (AADSTS numbers), "Access token claims
reference" (`roles`: the application permissions that were consented to), "OpenID Connect on the Microsoft identity platform" (the metadata
document takes a domain name for the tenant), "Get group", "List subscribedSkus" and "subscribedSku resource type"; MSAL's own
`user_realm_discovery` (`account_type`); and "Troubleshoot 403 error when adding a user to a group".
"""

import base64
import binascii
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from consumer.configuration.document import Place
from consumer.events import Provider
from consumer.http.answer import Answer
from consumer.preflight.finding import Finding
from consumer.preflight.judgement.answers import UNREACHED, unchecked, unreachable
from consumer.providers.microsoft.directory import PERMISSIONS
from consumer.tenants import MicrosoftSection, Tenant

ONLY_FOR_CHECKS: Mapping[str, str] = {
    "LicenseAssignment.Read.All": "see which licences there are, and how many are left"
}
"""Permissions that only this check uses, and what for. Without them it says what it could not see."""

_SECTION: Place = ("microsoft",)
_SECRET: Place = ("microsoft", "client_secret")
_CLIENT: Place = ("microsoft", "client_id")
_TENANT: Place = ("microsoft", "tenant_id")
_DOMAIN: Place = ("addresses", "domain")

_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404
_REFUSED = {401, 403}
_LICENCES, _PASSWORDS = "LicenseAssignment.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"
_PURPOSES: Mapping[str, str] = {
    **PERMISSIONS,
    "User.DeleteRestore.All": "bring deleted accounts back",
    "User.Read.All": "find deleted accounts, and read what accounts are members of",
    "RoleManagement.Read.Directory": "see whether an account is an administrator's",
    _LICENCES: "give licences",
    "GroupMember.ReadWrite.All": "add students to groups, and recognise groups that roles can be assigned to",
}

_WRONG_SECRET = Finding(
    _SECRET,
    "is not a secret of this application (AADSTS7000215)",
    "In Entra, under Certificates & secrets, make a new secret and use its value, not its id.",
)
_NO_APPLICATION = Finding(
    _CLIENT,
    "names no application of this directory",
    "Copy the application (client) id from the app registration in the directory of `microsoft.tenant_id`.",
)
_CERTIFICATE = "Upload the certificate's public part to the app registration, under Certificates & secrets."
_FEDERATION = (
    "Compare issuer, subject and audience of the federated credential in the app registration with those of the token."
)
_REFUSALS: Mapping[str, Finding] = {
    "AADSTS7000215": _WRONG_SECRET,
    "AADSTS7000222": Finding(
        _SECRET,
        "has expired (AADSTS7000222)",
        "In Entra, under Certificates & secrets, make a new secret and put its value where this reference points.",
    ),
    "AADSTS700016": _NO_APPLICATION,
    "AADSTS700038": _NO_APPLICATION,
    "AADSTS7000112": Finding(
        _CLIENT,
        "names an application that is disabled (AADSTS7000112)",
        "Enable it in Entra, under Enterprise applications.",
    ),
    "AADSTS7000229": Finding(
        _CLIENT,
        "names an application that has no service principal in this directory (AADSTS7000229)",
        "Grant admin consent for the application in this directory.",
    ),
    "AADSTS500011": Finding(
        ("microsoft", "graph_url"),
        "is not known in this directory's cloud (AADSTS500011)",
        "Give the Graph address that belongs to `microsoft.authority_url`.",
    ),
    "AADSTS53003": Finding(
        _CLIENT,
        "is blocked by a Conditional Access policy (AADSTS53003)",
        "Exclude the application, or allow the network that this service runs in.",
    ),
    "AADSTS700027": Finding(
        _SECTION, "signs with a certificate that Entra does not accept (AADSTS700027)", _CERTIFICATE
    ),
    "AADSTS70021": Finding(
        _SECTION, "presents a token that no federated credential matches (AADSTS70021)", _FEDERATION
    ),
    "AADSTS700211": Finding(
        _SECTION, "presents a token whose issuer no federated credential has (AADSTS700211)", _FEDERATION
    ),
    "AADSTS700212": Finding(
        _SECTION, "presents a token whose audience no federated credential has (AADSTS700212)", _FEDERATION
    ),
    "AADSTS700213": Finding(
        _SECTION, "presents a token whose subject no federated credential has (AADSTS700213)", _FEDERATION
    ),
}


def of_directory(answer: Answer) -> Sequence[Finding]:
    """The metadata document of `microsoft.tenant_id`. Nothing else can be asked where this finds something."""
    if answer.status == UNREACHED:
        return [unreachable(("microsoft", "authority_url"), answer)]
    if answer.status == _BAD_REQUEST:
        right = "Copy the directory (tenant) id from Entra's overview page, and check that `microsoft.authority_url` is its cloud."
        return [Finding(_TENANT, "is no directory that Entra knows (AADSTS90002)", right)]
    if _directory_id(answer) is None:
        right = "Give the sign-in address of the directory's cloud, such as `https://login.microsoftonline.com`."
        wrong = f"does not answer as Entra does (HTTP {answer.status})"
        return [Finding(("microsoft", "authority_url"), wrong, right)]
    return []


def of_refused_token(code: str | None) -> Finding:
    """Entra gave no token; `code` holds its AADSTS numbers, where it named any."""
    numbers = re.findall(r"AADSTS\d+", code or "")
    known = next((_REFUSALS[number] for number in numbers if number in _REFUSALS), None)
    if known is not None:
        return known
    named = numbers[0] if numbers else code or "no reason given"
    right = f"Look the number up: https://login.microsoftonline.com/error?code={named.removeprefix('AADSTS')}."
    if not numbers:
        right = "Check the application's credentials in Entra."
    return Finding(_SECTION, f"is refused an access token ({named})", right)


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
    if not any(rule.licences for rule in tenant.rules):
        spared.add(_LICENCES)
    if not tenant.welcome_email.enabled:
        spared.add(_PASSWORDS)
    return {name: purpose for name, purpose in PERMISSIONS.items() if name not in spared}


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
    for name in sorted(set(roles) - PERMISSIONS.keys() - ONLY_FOR_CHECKS.keys()):
        yield Finding(_CLIENT, f"has `{name}`, which nothing here uses", "Remove the permission in Entra.", note=True)


def of_domain(known: Answer, realm: Answer, tenant: Tenant, section: MicrosoftSection) -> Sequence[Finding]:
    """The metadata document and the sign-in realm of `addresses.domain`: whose it is, and where its users sign in."""
    domain = tenant.addresses.domain
    if known.status == _BAD_REQUEST:
        right = (
            f"Add and verify `{domain}` in the Microsoft 365 admin centre, under Settings, Domains; or correct it here."
        )
        return [Finding(_DOMAIN, "is not verified at Microsoft", right)]
    owner = _directory_id(known)
    if owner is None:
        return [unchecked(_DOMAIN, "whether Microsoft has verified it", known)]
    if owner.lower() != section.tenant_id.lower():
        right = "Correct the domain, or `microsoft.tenant_id`."
        return [Finding(_DOMAIN, f"is verified in another directory ({owner})", right)]
    kind = str(realm.json().get("account_type", "")).lower()
    if kind == "federated":
        right = "Use a managed domain for students, or convert this one: accounts of a federated domain are created where it signs in."
        return [Finding(_DOMAIN, "is federated: its users sign in elsewhere", right)]
    if kind != "managed":
        return [unchecked(_DOMAIN, "whether it is federated", realm)]
    return []


def of_group(answer: Answer, place: Place) -> Sequence[Finding]:
    """A group of `rules`: whether Graph can add members to it. A refusal is told by the missing permission."""
    if answer.status in _REFUSED:
        return []
    if answer.status in {_NOT_FOUND, _BAD_REQUEST}:
        right = "Copy the group's object id from Entra, or remove it here."
        return [Finding(place, "names no group of this directory", right)]
    if answer.status != _OK:
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


def of_licences(answer: Answer, tenant: Tenant, roles: Collection[str] | None) -> Iterator[Finding]:
    """The directory's subscriptions against the licences of `rules`. A missing permission to give licences is told alone."""
    if answer.status in _REFUSED and roles is not None and _LICENCES not in roles:
        return
    places = [
        (("rules", number, "licences", position), sku)
        for number, rule in enumerate(tenant.rules)
        for position, sku in enumerate(rule.licences)
    ]
    rows = answer.json().get("value")
    if answer.status != _OK or not isinstance(rows, list):
        right = "To have licences checked, grant `LicenseAssignment.Read.All` too (docs/vendors.md)."
        known = right if answer.status in _REFUSED else "Run the check again later."
        yield unchecked(places[0][0], "which licences there are, and how many are left", answer, known)
        return
    subscribed = {str(row.get("skuId")).lower(): row for row in cast("list[dict[str, Any]]", rows)}
    for place, sku in places:
        if found := _licence(subscribed.get(sku.lower()), place):
            yield found


def _licence(row: Mapping[str, Any] | None, place: Place) -> Finding | None:
    if row is None:
        right = "Give the `skuId` of a subscription that the institution has (Graph: `subscribedSkus`), or buy it."
        return Finding(place, "is no licence that this institution has", right)
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
        return Finding(place, f"is a licence of which none is left ({name})", right)
    return None


def of_marker(answer: Answer, section: MicrosoftSection) -> Sequence[Finding]:
    """A search by the property that holds the marker."""
    place: Place = ("microsoft", "marker")
    if answer.status == _BAD_REQUEST:
        right = (
            "Register the directory extension for users on an application of this directory, or use another property."
        )
        return [Finding(place, f"names `{section.marker}`, which this directory does not have", right)]
    if answer.status == _OK or answer.status in _REFUSED:
        return []
    return [unchecked(place, "whether the directory has this property", answer)]


def groups_of(tenant: Tenant) -> Mapping[str, Place]:
    """The Microsoft groups of `rules`, each with the place where it stands first."""
    places: dict[str, Place] = {}
    for number, rule in enumerate(tenant.rules):
        for position, group in enumerate(rule.groups.get(Provider.MICROSOFT, ())):
            places.setdefault(group, ("rules", number, "groups", "microsoft", position))
    return places


def _directory_id(answer: Answer) -> str | None:
    """The directory in the metadata's issuer, such as `https://login.microsoftonline.com/<id>/v2.0`."""
    issuer = answer.json().get("issuer") if answer.status == _OK else None
    parts = str(issuer).rstrip("/").split("/")
    return parts[-2] if issuer and len(parts) >= 2 else None  # noqa: PLR2004  the id and the version
