"""The organisational units of one customer: a tree of paths below "/".

Sources: the Directory API's guide "Manage organizational units", and the refusals by which GAM (`gam create org`) tells its cases apart.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from sandbox.simulators.google import refusals
from sandbox.simulators.google.quirks import GoogleQuirks

_ROOT = "/"


class OrgUnits:
    """Raises `Refusal` where Google would. `paths` are all units, the root among them. Unix seconds come from `clock`."""

    def __init__(
        self,
        customer_id: str,
        paths: set[str],
        *,
        clock: Callable[[], float] = lambda: 0.0,
        quirks: Callable[[], GoogleQuirks] = GoogleQuirks,
    ) -> None:
        self._customer_id = customer_id
        self._paths = paths
        self._clock = clock
        self._quirks = quirks
        self._made_at: dict[str, float] = {}
        self._descriptions: dict[str, str] = {}

    def checked(self, path: object) -> str:
        """A unit that a user can be in; the root where None."""
        if path is None:
            return _ROOT
        if path not in self._paths or self._is_hidden(str(path)):
            raise refusals.invalid("INVALID_OU_ID")
        return str(path)

    def get(self, key: str) -> Mapping[str, Any]:
        """orgunits.get, by id or by path, which comes without its first slash."""
        path = self._named(key)
        if path is None:
            raise refusals.no_org_unit()
        return self._shown(path)

    def below(self, key: str | None, *, which: str) -> Sequence[Mapping[str, Any]]:
        """orgunits.list: the children of a unit, or with `which` all that are below it, and perhaps the unit itself."""
        top = self._named(key or _ROOT)
        if top is None:
            raise refusals.no_org_unit()
        found = [path for path in sorted(self._paths) if path != top and path.startswith(top.rstrip("/") + "/")]
        if which == "children":
            found = [path for path in found if _parent(path) == top]
        elif which == "allIncludingParent":
            found = [top, *found]
        return [self._shown(path) for path in found]

    def insert(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """orgunits.insert, below a parent that is there."""
        name = body.get("name")
        if not isinstance(name, str) or not name or "/" in name:
            raise refusals.required("name")
        above = body.get("parentOrgUnitId") or body.get("parentOrgUnitPath")
        if above is None:
            raise refusals.required("parentOrgUnitPath")
        parent = self._named(str(above))
        if parent is None:
            raise refusals.no_parent_org_unit()
        path = f"{parent.rstrip('/')}/{name}"
        if path in self._paths:
            as_input = self._quirks().org_unit_conflict == "input"
            raise refusals.invalid("INVALID_OU_ID") if as_input else refusals.duplicate()
        self._paths.add(path)
        self._made_at[path] = self._clock()
        self._descriptions[path] = str(body.get("description", ""))
        return self._shown(path)

    def _named(self, key: str) -> str | None:
        if key.startswith("id:"):
            return next((path for path in self._paths if self._id(path) == key), None)
        path = f"/{key.strip('/')}"
        return path if path in self._paths and not self._is_hidden(path) else None

    def _is_hidden(self, path: str) -> bool:
        """Whether reads, users and units below do not know it yet."""
        return self._clock() - self._made_at.get(path, float("-inf")) < self._quirks().org_unit_lag

    def _shown(self, path: str) -> Mapping[str, Any]:
        shown = {
            "kind": "admin#directory#orgUnit",
            "etag": f'"{self._id(path)}"',
            "name": path.rpartition("/")[2] or "/",
            "description": self._descriptions.get(path, ""),
            "orgUnitPath": path,
            "orgUnitId": self._id(path),
        }
        parent = _parent(path)
        return shown | ({"parentOrgUnitPath": parent, "parentOrgUnitId": self._id(parent)} if path != _ROOT else {})

    def _id(self, path: str) -> str:
        return f"id:{sha256(f'{self._customer_id}{path}'.encode()).hexdigest()[:15]}"


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or _ROOT
