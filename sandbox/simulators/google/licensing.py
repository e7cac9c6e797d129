"""The operations of Google's Enterprise License Manager API."""

from sandbox.simulators.google import refusals
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.licences import Assignment
from sandbox.simulators.google.operation import Call, Operation, Reply, own, paged
from sandbox.simulators.google.scopes import LICENSING

_LARGEST_PAGE = 1_000


def _insert(customer: Customer, call: Call) -> Reply:
    product, sku = call.path["productId"], call.path["skuId"]
    return Reply(200, customer.licences.insert(product, sku, call.body.get("userId")).shown())


def _get(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.licences.get(*_named(call)).shown())


def _switch(customer: Customer, call: Call) -> Reply:
    return Reply(200, customer.licences.switch(*_named(call), call.body).shown())


def _delete(customer: Customer, call: Call) -> Reply:
    customer.licences.delete(*_named(call))
    return Reply(200, {})


def _list(customer: Customer, call: Call) -> Reply:
    whose = call.query.get("customerId")
    if whose is None:
        raise refusals.required("customerId")
    if whose not in customer.domains:
        own(customer, whose)
    held = customer.licences.of_product(call.path["productId"], call.path.get("skuId"))
    kind = "licensing#licenseAssignmentList"
    return paged(held, call.query, kind=kind, name="items", shown=Assignment.shown, largest=_LARGEST_PAGE)


def _named(call: Call) -> tuple[str, str, str]:
    return call.path["productId"], call.path["skuId"], call.path["userId"]


_PRODUCT = "/apps/licensing/v1/product/{productId}"
_SKU = f"{_PRODUCT}/sku/{{skuId}}"
_USER = f"{_SKU}/user/{{userId}}"
_SCOPES = frozenset({LICENSING})

LICENSING_OPERATIONS = (
    Operation("licensing.licenseAssignments.insert", "POST", f"{_SKU}/user", _SCOPES, _insert),
    Operation("licensing.licenseAssignments.get", "GET", _USER, _SCOPES, _get),
    Operation("licensing.licenseAssignments.update", "PUT", _USER, _SCOPES, _switch),
    Operation("licensing.licenseAssignments.patch", "PATCH", _USER, _SCOPES, _switch),
    Operation("licensing.licenseAssignments.delete", "DELETE", _USER, _SCOPES, _delete),
    Operation("licensing.licenseAssignments.listForProduct", "GET", f"{_PRODUCT}/users", _SCOPES, _list),
    Operation("licensing.licenseAssignments.listForProductAndSku", "GET", f"{_SKU}/users", _SCOPES, _list),
)
