"""The vendors' audit log as calls: what each request was meant to do, about what, with which password."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from consumer.http.retry_after import retry_after
from proof.collect.owners import Owners
from proof.history import WRITES, Call, Operation, fingerprint
from sandbox.simulators.audit import Entry
from sandbox.simulators.google.user import MARKER_TYPE
from sandbox.simulators.letterbox import initial_password, sign_in_name

_PATCH = Operation.UPDATE  # what it changes tells more: see `_operation`

_OPERATIONS: Mapping[str, Operation] = {
    "graph.users.create": Operation.CREATE,
    "graph.users.list": Operation.FIND,
    "graph.users.count": Operation.FIND,
    "graph.users.get": Operation.FIND,
    "graph.users.update": _PATCH,
    "graph.users.delete": Operation.DELETE,
    "graph.users.assignLicense": Operation.LICENCES,
    "graph.users.revokeSignInSessions": Operation.SESSIONS,
    "graph.users.roles": Operation.FIND,
    "graph.users.memberships": Operation.FIND,
    "graph.roles.assignments": Operation.FIND,
    "graph.roles.eligibilities": Operation.FIND,
    "graph.groups.get": Operation.FIND,
    "graph.groups.members": Operation.FIND,
    "graph.groups.join": Operation.GROUP,
    "graph.subscribedSkus.list": Operation.FIND,
    "graph.units.get": Operation.FIND,
    "graph.units.list": Operation.FIND,
    "graph.units.join": Operation.JOIN_UNIT,
    "graph.units.leave": Operation.LEAVE_UNIT,
    "graph.deleted.list": Operation.FIND,
    "graph.deleted.purge": Operation.DELETE,
    "graph.deleted.restore": Operation.RESTORE,
    "graph.groups.leave": Operation.LEAVE,
    "graph.groups.update": Operation.GROUP,
    "graph.batch": Operation.OTHER,
    "entra.discovery": Operation.OTHER,
    "entra.realm": Operation.OTHER,
    "entra.token": Operation.TOKEN,
    "azure.imds": Operation.TOKEN,
    "azure.app_service": Operation.TOKEN,
    "google.token": Operation.TOKEN,
    "google.sts": Operation.TOKEN,
    "google.signJwt": Operation.TOKEN,
    "directory.users.insert": Operation.CREATE,
    "directory.users.list": Operation.FIND,
    "directory.users.get": Operation.FIND,
    "directory.users.patch": _PATCH,
    "directory.users.update": _PATCH,
    "directory.users.delete": Operation.DELETE,
    "directory.users.undelete": Operation.RESTORE,
    "directory.users.makeAdmin": Operation.UPDATE,
    "directory.users.signOut": Operation.SESSIONS,
    "directory.users.aliases.insert": Operation.UPDATE,
    "directory.users.aliases.list": Operation.FIND,
    "directory.users.aliases.delete": Operation.RENAME,  # before an alias becomes the address
    "directory.orgunits.get": Operation.FIND,
    "directory.orgunits.list": Operation.FIND,
    "directory.orgunits.insert": Operation.NEW_UNIT,
    "licensing.licenseAssignments.insert": Operation.LICENCES,
    "licensing.licenseAssignments.get": Operation.FIND,
    "licensing.licenseAssignments.update": Operation.LICENCES,
    "licensing.licenseAssignments.patch": Operation.LICENCES,
    "licensing.licenseAssignments.delete": Operation.TAKE_LICENCES,
    "licensing.licenseAssignments.listForProduct": Operation.FIND,
    "licensing.licenseAssignments.listForProductAndSku": Operation.FIND,
    "directory.domains.get": Operation.FIND,
    "directory.groups.get": Operation.FIND,
    "directory.groups.insert": Operation.UPDATE,
    "directory.members.insert": Operation.GROUP,
    "directory.members.list": Operation.FIND,
    "directory.members.get": Operation.FIND,
    "directory.members.delete": Operation.LEAVE,
    "directory.members.hasMember": Operation.FIND,
    "mailgun.messages.send": Operation.SEND,
    "mailgun.domains.get": Operation.FIND,
    "mailgun.events.list": Operation.LOOK_UP,
    "mailgun.events.page": Operation.LOOK_UP,
    "mailgun.logs.list": Operation.LOOK_UP,
    "mailgun.bounces.list": Operation.LOOK_UP,
    "mailgun.bounces.get": Operation.LOOK_UP,
    "mailgun.bounces.add": Operation.UPDATE,
    "mailgun.bounces.clear": Operation.UPDATE,
    "mailgun.bounces.remove": Operation.UPDATE,
}
_NAMES = frozenset({"userPrincipalName", "mailNickname", "primaryEmail"})
_BLOCKS = frozenset({"accountEnabled", "suspended"})
_PROFILE = frozenset({"displayName", "givenName", "surname", "preferredLanguage", "name", "languages"})
_REGISTRY = "registry."
_LICENSING = "licensing."
_SERVICES = {"graph": "microsoft", "google": "google", "mailgun": "mailgun"}
_MARKERS = ("employeeId", "externalIds")
_MEMBERS = re.compile(r"/(?:groups|administrativeUnits)/([^/]+)/members")
_MEMBERSHIPS = frozenset({Operation.GROUP, Operation.LEAVE, Operation.JOIN_UNIT, Operation.LEAVE_UNIT})
_LICENCE = re.compile(r"/product/([^/]+)/sku/([^/]+)/user")

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Form:
    """A mail as it was handed in."""

    text: str | None
    message_id: str | None


def calls(entries: Iterable[Entry], owners: Owners) -> Sequence[Call]:
    """Every entry as a call, in their order. An unclassified route is UNKNOWN."""
    return [_call(entry, owners) for entry in entries]


def _call(entry: Entry, owners: Owners) -> Call:
    noted = entry.noted
    body = _body(entry)
    operation = _operation(entry.route, body)
    if operation is Operation.SEND and str(_mail(entry)["detail"]).startswith("deletion."):
        operation = Operation.NOTICE
    credential_of = owners.credentials.get(str(noted.get("credential", "")))
    about = _mail(entry) if operation in {Operation.SEND, Operation.NOTICE} else _object(entry, operation, body)
    return Call(
        number=entry.number,
        at=entry.at,
        begun_at=entry.begun_at,
        tenant_id=owners.reached(str(noted.get("tenant", "")).lower(), credential_of),
        credential_of=credential_of,
        service=_SERVICES.get(entry.service, entry.service),
        operation=operation,
        status=entry.status,
        executed=entry.executed,
        answered=entry.answered,
        retry_after=retry_after({"retry-after": str(noted.get("retry_after", ""))}, now=entry.at),
        **about,
    )


def _operation(route: str, body: Json) -> Operation:
    if route.startswith(_REGISTRY):
        return Operation.OTHER
    operation = _OPERATIONS.get(route, Operation.UNKNOWN)
    if route.startswith(_LICENSING):
        return operation
    if operation is Operation.LICENCES and not body.get("addLicenses"):
        return Operation.TAKE_LICENCES
    if operation is not _PATCH or not route.endswith((".update", ".patch")):
        return operation
    return _of_a_patch(body)


def _of_a_patch(body: Json) -> Operation:
    """What a change of these properties does. One that blocks a sign-in is a suspension, whatever else it changes."""
    if _blocks(body):
        return Operation.SUSPEND
    changed = {name for name, value in body.items() if value is not None}
    if changed & {"password", "passwordProfile"}:
        return Operation.PASSWORD
    if body and body.keys() <= set(_MARKERS):
        return Operation.MARK if _asked_marker(body) else Operation.RELEASE
    if body and body.keys() <= _NAMES:
        return Operation.RENAME
    if body and body.keys() <= _PROFILE:
        return Operation.PROFILE
    return _of_one_property(*next(iter(body.items()))) if len(body) == 1 else Operation.UPDATE


def _blocks(body: Json) -> bool:
    return body.get("accountEnabled") is False or body.get("suspended") is True


def _of_one_property(name: str, value: object) -> Operation:
    """What a change of one property alone does."""
    match name, value:
        case ("accountEnabled", True) | ("suspended", False):
            return Operation.REACTIVATE
        case ("orgUnitPath", _):
            return Operation.MOVE
        case _:
            return Operation.UPDATE


def _object(entry: Entry, operation: Operation, body: Json) -> dict[str, Any]:
    noted, asked = entry.noted, operation is Operation.CREATE
    object_id = noted.get("object_id")
    address = noted.get("address") or (_asked_address(body) if asked else None)
    password = _password(body)
    return {
        "object_id": object_id,
        "address": str(address).lower() if address else None,
        "marker": _asked_marker(body) if asked else noted.get("marker"),
        "secret": fingerprint(password) if password else None,
        "detail": _detail(entry, operation, body),
        "by_name": operation in WRITES and not asked and object_id is not None and not _names(entry, object_id),
    }


def _mail(entry: Entry) -> dict[str, Any]:
    fields = parse_qs(entry.request)
    text, ident = (fields.get(name, [""])[-1] for name in ("text", "h:Message-Id"))
    form = _Form(text, entry.noted.get("message_id") or ident.strip("<>") or None)
    password = initial_password(form)
    return {
        "address": sign_in_name(form) or None,
        "secret": fingerprint(password) if password else None,
        "detail": form.message_id,
    }


def _body(entry: Entry) -> Json:
    if entry.method not in {"POST", "PATCH", "PUT"} or not entry.request.startswith("{"):
        return {}
    try:
        return cast("Json", json.loads(entry.request))
    except ValueError:
        return {}


def _names(entry: Entry, object_id: str) -> bool:
    """Whether the request names the object by its id. The License Manager knows users by their addresses alone."""
    return entry.route.startswith(_LICENSING) or object_id in unquote(entry.path) or object_id in entry.request


def _password(body: Json) -> str | None:
    profile = body.get("passwordProfile")
    return cast("Json", profile).get("password") if isinstance(profile, Mapping) else body.get("password")


def _asked_address(body: Json) -> str | None:
    return body.get("userPrincipalName") or body.get("primaryEmail")


def _asked_marker(body: Json) -> str | None:
    rows = cast("Sequence[Json]", body.get("externalIds") or ())
    return body.get("employeeId") or next((r.get("value") for r in rows if r.get("customType") == MARKER_TYPE), None)


def _detail(entry: Entry, operation: Operation, body: Json) -> str | None:
    if operation in _MEMBERSHIPS:
        found = _MEMBERS.search(unquote(entry.path))
        return found[1].lower() if found else None
    if operation in {Operation.LICENCES, Operation.TAKE_LICENCES}:
        return _licences(entry, operation, body)
    if operation is Operation.SUSPEND:
        return ",".join(sorted(body.keys() - _BLOCKS)) or None
    if entry.route == "directory.orgunits.insert":
        return f"{body.get('parentOrgUnitPath')}/{body.get('name')}"
    if operation is Operation.MOVE:
        return str(body.get("orgUnitPath"))
    return fingerprint(entry.request) if operation in {Operation.PROFILE, Operation.RENAME} else None


def _licences(entry: Entry, operation: Operation, body: Json) -> str:
    """Of a call to Google, the one that its path names, or the one that it is switched to."""
    if named := _LICENCE.search(unquote(entry.path)):
        return f"{named[1]}/{body.get('skuId', named[2])}"
    if operation is Operation.LICENCES:
        return ",".join(sorted(str(row.get("skuId")) for row in cast("Sequence[Json]", body.get("addLicenses") or ())))
    return ",".join(sorted(map(str, cast("Sequence[object]", body.get("removeLicenses") or ()))))
