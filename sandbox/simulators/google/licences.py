"""Which user of a customer has which licence: at most one SKU of each product.

Source: the statuses and sentences of "Error codes" in Google's guide "Manage license assignments"; their reasons are not documented.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.simulators.google import refusals
from sandbox.simulators.google.user import User


@dataclass(frozen=True, slots=True)
class Assignment:
    """One licence of one user."""

    product: str
    sku: str
    user: User

    def shown(self) -> Mapping[str, Any]:
        """The LicenseAssignment resource, which names the user by its present primary address."""
        path = f"apps/licensing/v1/product/{self.product}/sku/{self.sku}/user/{self.user.primary_email}"
        return {
            "kind": "licensing#licenseAssignment",
            "etags": f'"{self.product}/{self.sku}/{self.user.id}"',
            "selfLink": f"https://licensing.googleapis.com/{path}",
            "userId": self.user.primary_email,
            "productId": self.product,
            "skuId": self.sku,
            "productName": self.product,
            "skuName": self.sku,
        }


class Licences:
    """Raises `Refusal` where Google would. `find` gives the living user with a primary address.

    `stock` is what is left, by product and SKU; those of `automatic` come and go with the user's organisational unit, and are neither
    switched nor taken by a call.
    """

    def __init__(self, find: Callable[[str], User | None]) -> None:
        self.stock: dict[tuple[str, str], int] = {}
        self.automatic: set[tuple[str, str]] = set()
        self._find = find
        self._held: dict[tuple[str, str], Assignment] = {}

    @property
    def held(self) -> Sequence[Assignment]:
        """All that users have, in the order of their making."""
        return tuple(self._held.values())

    def insert(self, product: str, sku: str, address: object) -> Assignment:
        """licenseAssignments.insert."""
        self._check_known(product, sku)
        user = self._find(address) if isinstance(address, str) else None
        if user is None:
            raise refusals.bad_request("User email not valid.")
        held = self._held.get((user.id, product))
        if held is not None:
            raise refusals.precondition(refusals.SAME_SKU if held.sku == sku else refusals.OTHER_SKU)
        return self._assign(product, sku, user)

    def get(self, product: str, sku: str, address: str) -> Assignment:
        """licenseAssignments.get."""
        self._check_known(product, sku)
        user = self._find(address)
        held = self._held.get((user.id, product)) if user else None
        if held is None or held.sku != sku:
            raise refusals.not_found("userId")
        return held

    def switch(self, product: str, sku: str, address: str, body: Mapping[str, Any]) -> Assignment:
        """licenseAssignments.update, and patch: another SKU of the same product."""
        held = self.get(product, sku, address)
        other, other_product = str(body.get("skuId", sku)), str(body.get("productId", product))
        if other_product != product:
            raise refusals.precondition(
                f"Reassign operation can't be performed on different products: {product}, {other_product}"
            )
        if other == sku:
            raise refusals.precondition(
                f"For reassign operations, the new SKU should be different from the old SKU: {sku}"
            )
        self._check_known(product, other)
        if (product, sku) in self.automatic:
            raise refusals.precondition("Auto License switching is not allowed.")
        switched = self._assign(product, other, held.user)
        self.stock[product, sku] += 1
        return switched

    def delete(self, product: str, sku: str, address: str) -> None:
        """licenseAssignments.delete."""
        held = self.get(product, sku, address)
        if (product, sku) in self.automatic:
            raise refusals.precondition("Auto License un-assignment is not allowed.")
        self._take(held)

    def forget(self, user_id: str) -> None:
        """A deleted user's licences are free again."""
        for held in [one for one in self._held.values() if one.user.id == user_id]:
            self._take(held)

    def of_product(self, product: str, sku: str | None = None) -> Sequence[Assignment]:
        """Those of one product, or of one SKU of it, in the order of their making."""
        if all(product != known or sku not in {None, one} for known, one in self.stock):
            raise refusals.bad_request("SKU or product does not exist.")
        return [one for one in self._held.values() if one.product == product and sku in {None, one.sku}]

    def _assign(self, product: str, sku: str, user: User) -> Assignment:
        if self.stock[product, sku] < 1:
            raise refusals.precondition(refusals.NO_LICENCE_LEFT)
        self.stock[product, sku] -= 1
        made = self._held[user.id, product] = Assignment(product, sku, user)
        return made

    def _take(self, held: Assignment) -> None:
        del self._held[held.user.id, held.product]
        self.stock[held.product, held.sku] += 1

    def _check_known(self, product: str, sku: str) -> None:
        if (product, sku) not in self.stock:
            raise refusals.bad_request("SKU or product does not exist.")
