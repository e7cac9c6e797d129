"""The tenants that count now: an immutable snapshot, and the one place where it is exchanged for a newer one.

one thread ──put──▶ InForce ──now──▶ intake (between two batches), provisioning (before a look, for each student), maintenance (each run)
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from consumer.tenants import Outline, Tenant

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All tenants by id: `tenants` are worked for. Of those whose files hold mistakes, `outlines` are what intake needs to accept events,
    and of `unreadable` not even that is known."""

    tenants: Mapping[str, Tenant]
    outlines: Mapping[str, Outline]
    unreadable: frozenset[str]

    @classmethod
    def of(cls, tenants: Iterable[Tenant], unreadable: Mapping[str, Outline | None] | None = None) -> "Snapshot":
        """`unreadable` are the tenants whose files hold mistakes, with their outline where it is known."""
        outlines = {ident: outline for ident, outline in (unreadable or {}).items() if outline is not None}
        without = frozenset((unreadable or {}).keys() - outlines.keys())
        return cls({tenant.id: tenant for tenant in tenants}, outlines, without)

    @property
    def ids(self) -> frozenset[str]:
        """Of every tenant that has a file."""
        return self.unreadable.union(self.tenants, self.outlines)


class InForce:
    """Any thread may read `now`, and keeps what it got for as long as it needs one and the same. One thread puts."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.now = snapshot

    def put(self, snapshot: Snapshot) -> None:
        """Counts from now on for all who read `now`."""
        self.now = snapshot


class Derived(Generic[T]):
    """What one thread needs of the tenants in force, worked out once for each snapshot: the same object until the snapshot changes."""

    def __init__(self, in_force: InForce, make: Callable[[Snapshot], T]) -> None:
        self._in_force = in_force
        self._make = make
        self._of: Snapshot | None = None

    def __call__(self) -> T:
        snapshot = self._in_force.now
        if snapshot is not self._of:
            self._made = self._make(snapshot)
            self._of = snapshot
        return self._made


class CurrentIds(Collection[str]):
    """The ids of all tenants in force, as they are whenever they are looked at."""

    def __init__(self, in_force: InForce) -> None:
        self._ids = Derived(in_force, lambda snapshot: snapshot.ids)

    def __contains__(self, ident: object) -> bool:
        return ident in self._ids()

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids())

    def __len__(self) -> int:
        return len(self._ids())
