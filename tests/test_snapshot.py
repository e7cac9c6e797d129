"""The tenants in force are exchanged as a whole, and what is derived from them is worked out once for each exchange."""

from pathlib import Path

from consumer.configuration.loading import read_tenants
from consumer.snapshot import CurrentIds, Derived, InForce, Snapshot
from tests.configuration.files import Files
from tests.policy.tenants import tenant


def test_who_has_taken_a_snapshot_keeps_it() -> None:
    in_force = InForce(Snapshot.of([tenant("athens")]))
    taken = in_force.now
    in_force.put(Snapshot.of([tenant("sparta")]))
    assert list(taken.tenants) == ["athens"]
    assert list(in_force.now.tenants) == ["sparta"]


def test_what_is_derived_is_worked_out_once_for_each_snapshot() -> None:
    made: list[Snapshot] = []

    def make(snapshot: Snapshot) -> list[str]:
        made.append(snapshot)
        return sorted(snapshot.tenants)

    in_force = InForce(Snapshot.of([tenant("athens")]))
    derived = Derived(in_force, make)
    assert derived() is derived()
    in_force.put(Snapshot.of([tenant("sparta")]))
    assert derived() == ["sparta"]
    assert len(made) == 2


def test_the_ids_are_those_of_all_tenants_that_have_a_file(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.replace(files.tenant, "usage_location: GR", "usage_location: Greece")
    outline = read_tenants(files.tenant.parent).broken["north-high"].outline
    in_force = InForce(Snapshot.of([tenant("athens")], {"north-high": outline, "sparta": None}))
    ids = CurrentIds(in_force)
    assert sorted(ids) == ["athens", "north-high", "sparta"]
    assert in_force.now.outlines.keys() == {"north-high"}
    in_force.put(Snapshot.of([]))
    assert (list(ids), len(ids), "athens" in ids) == ([], 0, False)
