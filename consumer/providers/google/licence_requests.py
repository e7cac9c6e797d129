"""Bodies and URLs for the Enterprise License Manager API. Pure."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

PAGE = 100
"""Assignments on a page: the most by the page "Limits and quotas"; the discovery document has 1,000."""


def assignments(base_url: str, licence: str) -> str:
    """`licenseAssignments.insert`."""
    return f"{_sku(base_url, licence)}/user"


def assignment(base_url: str, licence: str, user: str) -> str:
    """`licenseAssignments.get`, `patch` and `delete`, by the user's primary address."""
    return f"{assignments(base_url, licence)}/{quote(user, safe='')}"


def all_assigned(base_url: str, licence: str, customer_id: str, page: str | None, *, largest: int = PAGE) -> str:
    """`licenseAssignments.listForProductAndSku`. `customer_id` begins with C: that `my_customer` stands for it is on no page."""
    following = f"&pageToken={quote(page, safe='')}" if page else ""
    return f"{_sku(base_url, licence)}/users?customerId={quote(customer_id, safe='')}&maxResults={largest}{following}"


def insert_body(user: str) -> Mapping[str, Any]:
    """The user's primary address."""
    return {"userId": user}


def switch_body(licence: str) -> Mapping[str, Any]:
    """`licenseAssignments.patch`: another SKU of the same product."""
    return {"skuId": licence.partition("/")[2]}


def _sku(base_url: str, licence: str) -> str:
    product, _, sku = (quote(name, safe="") for name in licence.partition("/"))
    return f"{base_url}/apps/licensing/v1/product/{product}/sku/{sku}"
