"""The Directory API's operations on users and their aliases."""

from sandbox.simulators.google import refusals
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.operation import Call, Operation, Reply, done, own, paged
from sandbox.simulators.google.scopes import ALIAS, ALIAS_READ, USER, USER_READ, USER_SECURITY


def _insert(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.insert(call.body).shown(customer.customer_id))


def _list(customer: Customer, call: Call) -> Reply:
    domain, whose = call.query.get("domain"), call.query.get("customer")
    if domain is None and whose is None:
        raise refusals.bad_request()
    if whose is not None:
        own(customer, whose)
    deleted = call.query.get("showDeleted", "false") == "true"
    found = customer.search(call.query.get("query"), domain=domain, deleted=deleted)
    return paged(
        found,
        call.query,
        kind="admin#directory#users",
        name="users",
        shown=customer.shown,
    )


def _get(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.shown(customer.get(call.path["userKey"])))


def _update(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.update(call.path["userKey"], call.body).shown(customer.customer_id))


def _delete(customer: Customer, call: Call) -> Reply:
    customer.delete(call.path["userKey"])
    return done(customer)


def _undelete(customer: Customer, call: Call) -> Reply:
    customer.undelete(call.path["userKey"], call.body.get("orgUnitPath"))
    return done(customer)


def _make_admin(customer: Customer, call: Call) -> Reply:
    customer.make_admin(call.path["userKey"], status=bool(call.body.get("status")))
    return done(customer)


def _sign_out(customer: Customer, call: Call) -> Reply:
    customer.sign_out(call.path["userKey"])
    return done(customer)


def _insert_alias(customer: Customer, call: Call) -> Reply:
    user = customer.add_alias(call.path["userKey"], call.body.get("alias"))
    return Reply(200, user.shown_alias(user.aliases[-1]))


def _list_aliases(customer: Customer, call: Call) -> Reply:
    user = customer.get(call.path["userKey"])
    body = {"kind": "admin#directory#aliases", "etag": f'"{len(user.aliases)}"'}
    shown = {"aliases": [user.shown_alias(alias) for alias in user.aliases]} if user.aliases else {}
    return Reply(200, body | shown)


def _delete_alias(customer: Customer, call: Call) -> Reply:
    customer.remove_alias(call.path["userKey"], call.path["alias"])
    return done(customer)


_USERS = "/admin/directory/v1/users"
_USER = f"{_USERS}/{{userKey}}"
_ALIASES = f"{_USER}/aliases"
_WRITES, _READS, _SECURES = frozenset({USER}), frozenset({USER, USER_READ}), frozenset({USER_SECURITY})
_ALIAS_WRITES, _ALIAS_READS = frozenset({USER, ALIAS}), frozenset({USER, USER_READ, ALIAS, ALIAS_READ})

USER_OPERATIONS = (
    Operation("directory.users.insert", "POST", _USERS, _WRITES, _insert),
    Operation("directory.users.list", "GET", _USERS, _READS, _list),
    Operation("directory.users.get", "GET", _USER, _READS, _get),
    Operation("directory.users.patch", "PATCH", _USER, _WRITES, _update),
    Operation("directory.users.update", "PUT", _USER, _WRITES, _update),
    Operation("directory.users.delete", "DELETE", _USER, _WRITES, _delete),
    Operation("directory.users.undelete", "POST", f"{_USER}/undelete", _WRITES, _undelete),
    Operation("directory.users.makeAdmin", "POST", f"{_USER}/makeAdmin", _WRITES, _make_admin),
    Operation("directory.users.signOut", "POST", f"{_USER}/signOut", _SECURES, _sign_out),
    Operation("directory.users.aliases.insert", "POST", _ALIASES, _ALIAS_WRITES, _insert_alias),
    Operation("directory.users.aliases.list", "GET", _ALIASES, _ALIAS_READS, _list_aliases),
    Operation("directory.users.aliases.delete", "DELETE", f"{_ALIASES}/{{alias}}", _ALIAS_WRITES, _delete_alias),
)
