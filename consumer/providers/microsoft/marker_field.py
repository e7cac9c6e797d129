"""The user property that holds the marker: how it is written, read, selected and searched. Pure.

Sources: Microsoft's pages "Update user" (`employeeId`, 16 characters), "onPremisesExtensionAttributes resource type" (1,024 characters; for
users that are not synchronised), "Add custom data to resources using extensions" (null removes a value) and "extensionProperty resource
type" (256 characters; returned only on `$select`), and "Advanced query capabilities on Microsoft Entra ID objects" (which filters need
advanced queries).
"""

from collections.abc import Mapping
from typing import Any, cast

_EXTENSION_ATTRIBUTES = "onPremisesExtensionAttributes"


class MarkerField:
    """`name` as `microsoft.marker` has it: `employeeId`, `extensionAttribute1` to `15`, or a directory extension's full name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._inside = name.startswith("extensionAttribute")
        self.selected = _EXTENSION_ATTRIBUTES if self._inside else name
        """What `$select` names to have the property shown."""
        self.filtered = f"{_EXTENSION_ATTRIBUTES}/{name}" if self._inside else name
        """What `$filter` calls the property."""
        self.advanced = name != "employeeId"
        """Whether it is searched by an advanced query. Filters that do without it are answered all the same."""

    def written(self, marker: str | None) -> Mapping[str, Any]:
        """The part of a create or update body that sets the marker; None clears it. Other extension attributes stay as they are."""
        return {_EXTENSION_ATTRIBUTES: {self._name: marker}} if self._inside else {self._name: marker}

    def read(self, user: Mapping[str, Any]) -> str | None:
        """What stands in the property of a user as Graph shows it."""
        holder = user.get(_EXTENSION_ATTRIBUTES) if self._inside else user
        value = cast("Mapping[str, Any]", holder).get(self._name) if isinstance(holder, Mapping) else None
        return value if isinstance(value, str) else None
