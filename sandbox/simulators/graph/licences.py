"""Who has which licence of a directory: assigned to the user, or inherited from a group.

Source: Microsoft's pages "user: assignLicense" and "What is group-based licensing in Microsoft Entra ID".
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager

from sandbox.simulators.graph import refusals
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.graph.user import Inherited, User


class Licences:
    """Raises `Refusal` where Graph would. `stock` is what is left of each kind; `of_groups` what members of a group inherit."""

    def __init__(self, stock: dict[str, int], unlicensed_locations: Collection[str]) -> None:
        self.of_groups: dict[str, Sequence[str]] = {}
        self._stock = stock
        self._unlicensed_locations = unlicensed_locations

    def assign(self, user: User, add: Sequence[str], remove: Sequence[str], *, quirks: GraphQuirks) -> None:
        """`assignLicense`: all or nothing; what is there already stays."""
        if add and not self._is_allowed_where(user):
            raise refusals.invalid(refusals.NO_USAGE_LOCATION)
        for sku in add:
            if sku not in self._stock:
                raise refusals.invalid(f"License {sku} does not correspond to a valid company License.")
            if sku not in user.skus and self._stock[sku] < 1:
                raise refusals.invalid(quirks.no_licence_left.format(sku=sku))
        for sku in set(remove) - set(user.licences):
            if any(one.sku == sku for one in user.inherited):
                raise refusals.invalid(refusals.INHERITED_LICENCE)
            if not quirks.ignores_missing_licences:
                raise refusals.invalid(refusals.NO_SUCH_LICENCE)
        with self._counted(user):
            user.licences = [sku for sku in dict.fromkeys((*user.licences, *add)) if sku not in remove]

    def joined(self, user: User, group: str) -> None:
        """The user inherits what the group has. What is in the way shows on the user; the membership is not refused for it."""
        with self._counted(user):
            user.inherited += [Inherited(group, sku, self._error(user, sku)) for sku in self.of_groups.get(group, ())]

    def left(self, user: User, group: str) -> None:
        """Takes back what the user inherited from the group."""
        with self._counted(user):
            user.inherited = [one for one in user.inherited if one.group != group]

    def take(self, user: User) -> None:
        """Takes all, as when the user ceases to exist."""
        with self._counted(user):
            user.licences, user.inherited = [], []

    @contextmanager
    def _counted(self, user: User) -> Generator[None]:
        before = user.skus
        yield
        for sku in user.skus - before:
            self._stock[sku] -= 1
        for sku in before - user.skus:
            self._stock[sku] += 1

    def _is_allowed_where(self, user: User) -> bool:
        location = user.properties.get("usageLocation")
        return bool(location) and location not in self._unlicensed_locations

    def _error(self, user: User, sku: str) -> str | None:
        if not self._is_allowed_where(user):
            return "ProhibitedInUsageLocationViolation"
        return "CountViolation" if sku not in user.skus and self._stock.get(sku, 0) < 1 else None
