"""What in a request to a vendor is not as the vendor's description, or the page that is named here, has it."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.contracts.described import GOOGLE, GOOGLE_LICENSING, GRAPH, MAILGUN, described, problems


@dataclass(frozen=True, slots=True)
class Page:
    """A documented operation that no machine-readable description has: its page, and the names that it knows."""

    title: str
    query: frozenset[str] = frozenset()
    body: frozenset[str] = frozenset()


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EXTENSION = re.compile(r"extension_[0-9a-f]{32}_\w+")
"""A directory extension's property, which the type of users is open for ("Add custom data to resources using extensions")."""
_OF_LINKS = frozenset({"$skiptoken"})
"""Parameters of a link to a next page, which is followed as it is ("Paging Microsoft Graph data")."""
_DELETED_CAST = re.compile(r"deletedItems/(microsoft\.)?graph\.user")
_LISTED = _names("$filter $select $top $count $expand $orderby $search $skiptoken")

PAGES: Mapping[tuple[str, str], Page] = {
    ("POST", "/users/{id}/revokeSignInSessions"): Page("user: revokeSignInSessions"),
    ("POST", "/groups/{id}/members/$ref"): Page("Add members", body=_names("@odata.id")),
    ("DELETE", "/groups/{id}/members/{id_1}/$ref"): Page("Remove member"),
    ("POST", "/directory/administrativeUnits/{id}/members/$ref"): Page(
        "Add a member (administrativeUnit)", body=_names("@odata.id")
    ),
    ("DELETE", "/directory/administrativeUnits/{id}/members/{id_1}/$ref"): Page("Remove a member (administrativeUnit)"),
    ("GET", "/users/{id}/transitiveMemberOf"): Page("List a user's memberships (direct and transitive)", _LISTED),
    ("GET", "/roleManagement/directory/roleAssignments"): Page("List unifiedRoleAssignments", _LISTED),
    ("GET", "/roleManagement/directory/roleEligibilityScheduleInstances"): Page(
        "List roleEligibilityScheduleInstances", _LISTED
    ),
    ("GET", "/{tenant}/v2.0/.well-known/openid-configuration"): Page(
        "OpenID Connect on the Microsoft identity platform"
    ),
    ("GET", "/common/userrealm/{user}"): Page("MSAL's user_realm_discovery", _names("api-version")),
}
"""Of Graph and Entra: the cut description has neither references nor roles."""

_GOOGLE_METHODS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    (method["httpMethod"], f"/{method['path']}"): method
    for resource in (
        *GOOGLE["resources"].values(),
        *GOOGLE["resources"]["users"]["resources"].values(),
        *GOOGLE_LICENSING["resources"].values(),
    )
    for method in resource.get("methods", {}).values()
}
_GOOGLE_SCHEMAS: Mapping[str, Any] = {**GOOGLE_LICENSING["schemas"], **GOOGLE["schemas"]}
_GOOGLE_LISTS = {"externalIds": "UserExternalId", "languages": "UserLanguage"}
"""Lists that the document gives no type, although it has a schema for what is in them. In a PATCH, null clears one."""


def to_graph(method: str, path: str, body: str) -> Iterator[str]:
    """The description writes deleted items without their type's segment, which the real service demands."""
    address, query = _parted(path)
    address = _DELETED_CAST.sub("deletedItems", address.removeprefix("/v1.0"))
    template = described(address, [*GRAPH["paths"], *(path for _, path in PAGES)])
    where = f"{method} {template}"
    if page := PAGES.get((method, template)):
        yield from _beyond(query, page.query, where)
        yield from _beyond(json.loads(body or "{}"), page.body, where)
        return
    known: Mapping[str, Any] = GRAPH["paths"][template].get(method.lower(), {})
    if not known:
        yield f"{where} is not described"
        return
    names = {one.get("name") or f"${one['$ref'].rpartition('/')[2]}" for one in known.get("parameters", ())}
    yield from _beyond(query, names | _OF_LINKS, where)
    if ("requestBody" in known) != bool(body):
        yield f"{where} has a body, or has none"
    elif body:
        schema = known["requestBody"]["content"]["application/json"]["schema"]
        sent = {name: value for name, value in json.loads(body).items() if not _EXTENSION.fullmatch(name)}
        yield from problems(sent, schema, GRAPH["components"]["schemas"], where)


def to_google(method: str, path: str, body: str) -> Iterator[str]:
    """By the discovery documents of the Admin SDK and of the Enterprise License Manager."""
    address, query = _parted(path)
    documented = google_method(method, address)
    where = documented["id"]
    yield from _beyond(query, {*documented.get("parameters", ()), *GOOGLE["parameters"]}, where)
    if ("request" in documented) != bool(body):
        yield f"{where} has a body, or has none"
    elif body:
        sent = json.loads(body)
        yield from problems(sent, documented["request"], _GOOGLE_SCHEMAS, where)
        for name in (
            name for name in _GOOGLE_LISTS.keys() & sent.keys() if method != "PATCH" or sent[name] is not None
        ):
            rows = {"type": "array", "items": {"$ref": _GOOGLE_LISTS[name]}}
            yield from problems(sent[name], rows, GOOGLE["schemas"], f"{where}.{name}")


def google_method(method: str, path: str) -> Mapping[str, Any]:
    """The method of the Directory API, or of the License Manager, that the request calls."""
    return _GOOGLE_METHODS[method, described(path, [known for verb, known in _GOOGLE_METHODS if verb == method])]


def to_mailgun(method: str, path: str, body: str) -> Iterator[str]:
    """`body` is a form, as if it were urlencoded. Any header may be sent; a list is sent as a field for each."""
    address, query = _parted(path)
    template = described(address, MAILGUN["paths"])
    operation = MAILGUN["paths"][template][method.lower()]
    where = f"{method} {template}"
    yield from _beyond(query, {parameter["name"] for parameter in operation.get("parameters", ())}, where)
    if body:
        schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
        form = {name: values for name, values in parse_qs(body).items() if not name.startswith("h:")}
        sent = {name: values if name in {"to", "bcc"} else values[-1] for name, values in form.items()}
        yield from problems(sent, schema, MAILGUN["components"]["schemas"], where)


BY_SERVICE = {"graph": to_graph, "google": to_google, "mailgun": to_mailgun}
"""By the name under which a simulator serves."""


def _parted(path: str) -> tuple[str, Mapping[str, list[str]]]:
    parts = urlsplit(path)
    return parts.path, parse_qs(parts.query)


def _beyond(sent: Iterable[str], known: Iterable[str], where: str) -> Iterator[str]:
    if unknown := set(sent) - set(known):
        yield f"{where} takes no {sorted(unknown)}"
