"""The Directory API's operations on groups and their members."""

from sandbox.simulators.google import refusals
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.groups import Member
from sandbox.simulators.google.operation import Call, Operation, Reply, done, paged
from sandbox.simulators.google.scopes import GROUP, GROUP_READ, MEMBER, MEMBER_READ


def _get_group(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.groups.get(call.path["groupKey"]).shown())


def _insert_group(customer: Customer, call: Call) -> Reply:
    if not isinstance(call.body.get("email"), str):
        raise refusals.required("email")
    return Reply(200, customer.groups.add(call.body["email"], call.body.get("name", "")).shown())


def _list(customer: Customer, call: Call) -> Reply:
    members = list(customer.groups.get(call.path["groupKey"]).members.values())
    return paged(members, call.query, kind="admin#directory#members", name="members", shown=Member.shown)


def _insert(customer: Customer, call: Call) -> Reply:
    conflict = customer.quirks.member_conflict_reason
    return Reply(200, customer.groups.insert(call.path["groupKey"], call.body, conflict=conflict).shown())


def _get(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.groups.member(call.path["groupKey"], call.path["memberKey"]).shown())


def _delete(customer: Customer, call: Call) -> Reply:
    customer.groups.remove(call.path["groupKey"], call.path["memberKey"])
    return done(customer)


def _has(customer: Customer, call: Call) -> Reply:
    return Reply(200, {"isMember": customer.groups.has(call.path["groupKey"], call.path["memberKey"])})


_GROUPS = "/admin/directory/v1/groups"
_GROUP = f"{_GROUPS}/{{groupKey}}"
_MEMBERS = f"{_GROUP}/members"
_MEMBER = f"{_MEMBERS}/{{memberKey}}"
_GROUP_READS = frozenset({GROUP, GROUP_READ})
_WRITES, _READS = frozenset({GROUP, MEMBER}), frozenset({GROUP, GROUP_READ, MEMBER, MEMBER_READ})

MEMBER_OPERATIONS = (
    Operation("directory.groups.get", "GET", _GROUP, _GROUP_READS, _get_group),
    Operation("directory.groups.insert", "POST", _GROUPS, frozenset({GROUP}), _insert_group),
    Operation("directory.members.list", "GET", _MEMBERS, _READS, _list),
    Operation("directory.members.insert", "POST", _MEMBERS, _WRITES, _insert),
    Operation("directory.members.get", "GET", _MEMBER, _READS, _get),
    Operation("directory.members.delete", "DELETE", _MEMBER, _WRITES, _delete),
    Operation("directory.members.hasMember", "GET", f"{_GROUP}/hasMember/{{memberKey}}", _READS, _has),
)
