"""The Directory API's operations over any number of customers: who asks, may they, what is answered. No HTTP in here."""

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.simulators.google import refusals
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.federation import Federation
from sandbox.simulators.google.fields import partial
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.google.quota import Quota
from sandbox.simulators.google.tokens import Grant, TokenIssuer

USER = "https://www.googleapis.com/auth/admin.directory.user"
USER_READ = f"{USER}.readonly"
USER_SECURITY = f"{USER}.security"
GROUP = "https://www.googleapis.com/auth/admin.directory.group"
GROUP_READ = f"{GROUP}.readonly"
MEMBER = f"{GROUP}.member"
MEMBER_READ = f"{MEMBER}.readonly"
DOMAIN = "https://www.googleapis.com/auth/admin.directory.domain"
DOMAIN_READ = f"{DOMAIN}.readonly"

_CREATION = "directory.users.insert"
_PAGE = 100
_LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Call:
    """One request, taken apart."""

    path: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; without `body` it is empty."""

    status: int
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of the API. `scopes`: any one of them opens it. `name` is the discovery document's method id."""

    name: str
    method: str
    path: str
    scopes: frozenset[str]
    run: Callable[[Customer, Call], Reply]


class DirectoryApi:
    """Every customer, and the tokens with which service accounts act for them. Unix seconds come from `clock`."""

    def __init__(self, *, clock: Callable[[], float], quirks: GoogleQuirks | None = None) -> None:
        self.quirks = quirks or GoogleQuirks()
        self._clock = clock
        self._quota = Quota(self.quirks, clock=clock)
        self.customers: list[Customer] = []
        self.tokens = TokenIssuer(
            clock=clock, delegated=self._delegated, unauthorized_status=self.quirks.unauthorized_client_status
        )
        self.federation = Federation(self.tokens, clock=clock)

    def add_customer(self, customer_id: str, domains: Iterable[str], *, user_limit: int | None = None) -> Customer:
        """A customer (its id begins with C) whose addresses end in `domains`; no two customers share one."""
        customer = Customer(customer_id, domains, clock=self._clock, quirks=self.quirks, user_limit=user_limit)
        self.customers.append(customer)
        return customer

    def customer_of(self, address: str) -> Customer | None:
        """The customer that owns the address's domain."""
        domain = address.rpartition("@")[2].lower()
        return next((customer for customer in self.customers if domain in customer.domains), None)

    def authorise(self, authorization: str | None) -> Grant:
        """Whom the call acts for. Raises `Refusal` (401)."""
        grant = self.tokens.grant(authorization)
        if grant is None:
            raise refusals.unauthenticated()
        return grant

    def answer(self, operation: Operation, call: Call, grant: Grant) -> Reply:
        """Carries the call out. Raises `Refusal`."""
        self._quota.charge(grant)
        if not operation.scopes & grant.scopes:
            raise refusals.insufficient_scopes()
        customer = self.customer_of(grant.subject)
        administrator = customer.holder(grant.subject) if customer else None
        if customer is None or administrator is None or administrator.suspended:
            raise refusals.unauthenticated()
        if not (administrator.is_admin or administrator.is_delegated_admin):
            raise refusals.forbidden()
        if operation.name == _CREATION:
            self._quota.charge_creation(call.body)
        reply = operation.run(customer, call)
        return reply if reply.body is None else Reply(reply.status, partial(dict(reply.body), call.query.get("fields")))

    def _delegated(self, subject: str, service_account: str) -> Collection[str] | None:
        customer = self.customer_of(subject)
        if customer is None or customer.holder(subject) is None:
            return None
        return customer.delegations.get(service_account, frozenset())


def _done(customer: Customer) -> Reply:
    return Reply(customer.quirks.delete_status)


def _insert_user(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.insert(call.body).shown(customer.customer_id))


def _get_user(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.get(call.path["userKey"]).shown(customer.customer_id))


def _update_user(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.update(call.path["userKey"], call.body).shown(customer.customer_id))


def _delete_user(customer: Customer, call: Call) -> Reply:
    customer.delete(call.path["userKey"])
    return _done(customer)


def _undelete_user(customer: Customer, call: Call) -> Reply:
    customer.undelete(call.path["userKey"], call.body.get("orgUnitPath"))
    return _done(customer)


def _make_admin(customer: Customer, call: Call) -> Reply:
    customer.make_admin(call.path["userKey"], status=bool(call.body.get("status")))
    return _done(customer)


def _sign_out(customer: Customer, call: Call) -> Reply:
    customer.get(call.path["userKey"])
    return _done(customer)


def _list_users(customer: Customer, call: Call) -> Reply:
    domain, whose = call.query.get("domain"), call.query.get("customer")
    if domain is None and whose is None:
        raise refusals.bad_request()
    if whose not in {None, "my_customer", customer.customer_id}:
        raise refusals.forbidden()
    deleted = call.query.get("showDeleted", "false") == "true"
    found = customer.search(call.query.get("query"), domain=domain, deleted=deleted)
    start, size = _page(call.query)
    body: dict[str, Any] = {"kind": "admin#directory#users", "etag": f'"{len(found)}"'}
    if users := [user.shown(customer.customer_id) for user in found[start : start + size]]:
        body["users"] = users
    if start + size < len(found):
        body["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return Reply(200, body)


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    try:
        size = int(query.get("maxResults", _PAGE))
        start = int(base64.urlsafe_b64decode(query.get("pageToken", "MA==")))
    except (ValueError, binascii.Error):
        raise refusals.invalid("pageToken") from None
    if not 1 <= size <= _LARGEST_PAGE:
        raise refusals.invalid("maxResults")
    return start, size


def _get_group(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.groups.get(call.path["groupKey"]).shown())


def _insert_group(customer: Customer, call: Call) -> Reply:
    if not isinstance(call.body.get("email"), str):
        raise refusals.required("email")
    return Reply(200, customer.groups.add(call.body["email"], call.body.get("name", "")).shown())


def _insert_member(customer: Customer, call: Call) -> Reply:
    conflict = customer.quirks.member_conflict_reason
    return Reply(200, customer.groups.insert(call.path["groupKey"], call.body, conflict=conflict).shown())


def _get_member(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.groups.member(call.path["groupKey"], call.path["memberKey"]).shown())


def _list_members(customer: Customer, call: Call) -> Reply:
    members = list(customer.groups.get(call.path["groupKey"]).members.values())
    start, size = _page(call.query)
    body: dict[str, Any] = {"kind": "admin#directory#members", "etag": f'"{len(members)}"'}
    if shown := [member.shown() for member in members[start : start + size]]:
        body["members"] = shown
    if start + size < len(members):
        body["nextPageToken"] = base64.urlsafe_b64encode(str(start + size).encode()).decode()
    return Reply(200, body)


def _get_domain(customer: Customer, call: Call) -> Reply:
    if call.path["customer"] not in {"my_customer", customer.customer_id}:
        raise refusals.forbidden()
    return Reply(200, customer.domain(call.path["domainName"]))


def _has_member(customer: Customer, call: Call) -> Reply:
    return Reply(200, {"isMember": customer.groups.has(call.path["groupKey"], call.path["memberKey"])})


def _delete_member(customer: Customer, call: Call) -> Reply:
    customer.groups.remove(call.path["groupKey"], call.path["memberKey"])
    return _done(customer)


_BASE = "/admin/directory/v1"
_USER_PATH = f"{_BASE}/users/{{userKey}}"
_MEMBERS_PATH = f"{_BASE}/groups/{{groupKey}}/members"
_WRITES, _READS = frozenset({USER}), frozenset({USER, USER_READ})
_GROUP_READS = frozenset({GROUP, GROUP_READ})
_MEMBER_WRITES, _MEMBER_READS = frozenset({GROUP, MEMBER}), frozenset({GROUP, GROUP_READ, MEMBER, MEMBER_READ})

OPERATIONS = (
    Operation(_CREATION, "POST", f"{_BASE}/users", _WRITES, _insert_user),
    Operation("directory.users.list", "GET", f"{_BASE}/users", _READS, _list_users),
    Operation("directory.users.get", "GET", _USER_PATH, _READS, _get_user),
    Operation("directory.users.patch", "PATCH", _USER_PATH, _WRITES, _update_user),
    Operation("directory.users.update", "PUT", _USER_PATH, _WRITES, _update_user),
    Operation("directory.users.delete", "DELETE", _USER_PATH, _WRITES, _delete_user),
    Operation("directory.users.undelete", "POST", f"{_USER_PATH}/undelete", _WRITES, _undelete_user),
    Operation("directory.users.makeAdmin", "POST", f"{_USER_PATH}/makeAdmin", _WRITES, _make_admin),
    Operation("directory.users.signOut", "POST", f"{_USER_PATH}/signOut", frozenset({USER_SECURITY}), _sign_out),
    Operation("directory.groups.get", "GET", f"{_BASE}/groups/{{groupKey}}", _GROUP_READS, _get_group),
    Operation("directory.groups.insert", "POST", f"{_BASE}/groups", frozenset({GROUP}), _insert_group),
    Operation(
        "directory.domains.get",
        "GET",
        f"{_BASE}/customer/{{customer}}/domains/{{domainName}}",
        frozenset({DOMAIN, DOMAIN_READ}),
        _get_domain,
    ),
    Operation("directory.members.list", "GET", _MEMBERS_PATH, _MEMBER_READS, _list_members),
    Operation("directory.members.insert", "POST", _MEMBERS_PATH, _MEMBER_WRITES, _insert_member),
    Operation("directory.members.get", "GET", f"{_MEMBERS_PATH}/{{memberKey}}", _MEMBER_READS, _get_member),
    Operation("directory.members.delete", "DELETE", f"{_MEMBERS_PATH}/{{memberKey}}", _MEMBER_WRITES, _delete_member),
    Operation(
        "directory.members.hasMember",
        "GET",
        f"{_BASE}/groups/{{groupKey}}/hasMember/{{memberKey}}",
        _MEMBER_READS,
        _has_member,
    ),
)
