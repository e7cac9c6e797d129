"""Reloaded: a tenant's file comes, changes, breaks and leaves while the service runs."""

from collections.abc import Callable, Sequence
from functools import partial

import yaml

from consumer.events import Student
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.schools import with_copies
from proof.chaos.rows.students import listed, people, settled
from sandbox.simulators.events import SimulatedRecord

_NEW, _OTHER = "school-0000", "harbour-college"
_FEW, _MANY = 3, 20
"""Students."""


@BOOK.row(
    86,
    "a tenant's file is added, changed, broken, repaired and removed under load",
    expected="no other tenant notices, nothing is lost, no restart",
    arrange=partial(with_copies, 1),
)
async def reloaded(experiment: Experiment) -> None:
    of = _File(experiment)
    await of.remove()
    await of.put(of.text, "tenant_added")
    experiment.fire("file added")
    await of.enrol(_FEW)

    changed = yaml.safe_load(of.text)
    changed["addresses"]["patterns"] = ["renamed-{student_id}"]
    await of.put(yaml.safe_dump(changed), "tenant_changed")
    experiment.fire("file changed")
    await of.enrol(_FEW, prefix="renamed-")

    whole = of.path.read_text(encoding="utf-8")
    await of.put(whole[: len(whole) // 2], "tenant_file_invalid")
    experiment.fire("file broken")
    await of.enrol(_FEW, prefix="renamed-")

    await of.put(whole, "tenant_file_usable")
    experiment.fire("file repaired")
    await of.enrol(_FEW, prefix="renamed-")

    unfinished = await of.accepted(_MANY)
    await of.remove()
    experiment.fire("file removed")
    others = people(experiment, _OTHER, _FEW)
    await experiment.produce([experiment.event(_OTHER, student, 1) for student in others])
    await experiment.until("others are served", partial(settled, experiment, _idents(others)), seconds=30)
    await of.put(whole, "tenant_added")
    await experiment.until("what it had left is done", partial(settled, experiment, unfinished), seconds=60)
    experiment.expect(
        experiment.exits() == 0 and not any(replica.restarts for replica in experiment.replicas), "a replica ended"
    )


class _File:
    """The tenant's file, and what the replicas have logged about it."""

    def __init__(self, experiment: Experiment) -> None:
        world = experiment.installation.world
        self.path = world.directory / "tenants" / f"{_NEW}.yaml"
        self.text = self.path.read_text(encoding="utf-8")
        self._experiment = experiment
        self._students = 0

    async def put(self, text: str, event: str) -> None:
        """Replaces the file; returns when every replica has noticed."""
        whole = self.path.with_name(f".{_NEW}")
        whole.write_text(text, encoding="utf-8")
        await self._noticed(event, lambda: whole.rename(self.path))

    async def remove(self) -> None:
        await self._noticed("tenant_removed", self.path.unlink)

    async def enrol(self, count: int, *, prefix: str = "") -> None:
        """Students who are served at once, at addresses that begin so."""
        students, records = self._events(count)
        await self._experiment.produce(records)
        done = partial(settled, self._experiment, _idents(students))
        await self._experiment.until("its students are served", done, seconds=60)
        found = await self._experiment.installation.watch.rows(
            f"SELECT address FROM account WHERE student_id IN ({listed(_idents(students))})"  # noqa: S608  our own ids
        )
        self._experiment.expect(
            all(address.startswith(prefix) for (address,) in found), "addresses are not by the file that is in force"
        )

    async def accepted(self, count: int) -> Sequence[str]:
        """Students whose events are in the ledger, and mostly not carried out yet."""
        students, records = self._events(count)
        await self._experiment.produce(records)

        async def all_accepted() -> bool:
            return all([await self._experiment.accepted(record) for record in records])

        await self._experiment.until("its events are accepted", all_accepted)
        return _idents(students)

    def _events(self, count: int) -> tuple[Sequence[Student], Sequence[SimulatedRecord]]:
        students = people(self._experiment, _NEW, count, first=self._students)
        self._students += count
        return students, [self._experiment.event(_NEW, student, 1) for student in students]

    async def _noticed(self, event: str, change: Callable[[], object]) -> None:
        before = self._logged(event)
        change()
        for replica in self._experiment.replicas:
            replica.reload()

        async def by_all() -> bool:
            return all(now > then for now, then in zip(self._logged(event), before, strict=True))

        await self._experiment.until(f"every replica logs {event}", by_all, seconds=30)

    def _logged(self, event: str) -> Sequence[int]:
        """How often each replica has."""
        lines = [replica.log().splitlines() for replica in self._experiment.replicas]
        return [sum(f'"{event}"' in line and _NEW in line for line in of_one) for of_one in lines]


def _idents(students: Sequence[Student]) -> Sequence[str]:
    return [student.student_id for student in students]
