"""The Directory API's operations on what a customer is made of: domains and organisational units."""

from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.operation import Call, Operation, Reply, own
from sandbox.simulators.google.scopes import DOMAIN, DOMAIN_READ, ORG_UNIT, ORG_UNIT_READ


def _get_domain(customer: Customer, call: Call) -> Reply:
    own(customer, call.path["customer"])
    return Reply(200, customer.domain(call.path["domainName"]))


def _get_unit(customer: Customer, call: Call) -> Reply:
    own(customer, call.path["customerId"])
    return Reply(200, customer.units.get(call.path["orgUnitPath"]))


def _list_units(customer: Customer, call: Call) -> Reply:
    own(customer, call.path["customerId"])
    found = customer.units.below(call.query.get("orgUnitPath"), which=call.query.get("type", "children"))
    body = {"kind": "admin#directory#orgUnits", "etag": f'"{len(found)}"'}
    return Reply(200, body | ({"organizationUnits": found} if found else {}))


def _insert_unit(customer: Customer, call: Call) -> Reply:
    own(customer, call.path["customerId"])
    return Reply(200, customer.units.insert(call.body))


_CUSTOMERS = "/admin/directory/v1/customer"
_UNITS = f"{_CUSTOMERS}/{{customerId}}/orgunits"
_UNIT = f"{_UNITS}/{{+orgUnitPath}}"
_DOMAIN = f"{_CUSTOMERS}/{{customer}}/domains/{{domainName}}"
_WRITES, _READS = frozenset({ORG_UNIT}), frozenset({ORG_UNIT, ORG_UNIT_READ})

STRUCTURE_OPERATIONS = (
    Operation("directory.domains.get", "GET", _DOMAIN, frozenset({DOMAIN, DOMAIN_READ}), _get_domain),
    Operation("directory.orgunits.get", "GET", _UNIT, _READS, _get_unit),
    Operation("directory.orgunits.list", "GET", _UNITS, _READS, _list_units),
    Operation("directory.orgunits.insert", "POST", _UNITS, _WRITES, _insert_unit),
)
