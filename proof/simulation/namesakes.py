"""Students get other names, and others come who are called as they were: addresses follow the names, and none is given away."""

from collections.abc import Sequence

from consumer.events import Student
from proof.simulation.faults import Kill
from proof.simulation.institutions import tenants
from proof.simulation.scenario import Scenario, Sent
from proof.simulation.sequels import ENROLLED, MOVED_UP, encoder, sequel
from sandbox.simulators.events import PLAIN, EventStream, SimulatedRecord
from sandbox.simulators.sequels import newest_of

SCHOOL = "isles"
"""With accounts at both providers, whose addresses follow the names."""
_RENAMED, _CAME, _BACK = 120.0, 300.0, 900.0


def namesakes(seed: int, students: int = 4, *, back: bool = False, kills: int = 0) -> Scenario:
    """All get another family name; then as many newcomers come with the names of before. With `back`, the first get theirs again."""
    first, newcomers = (_enrolled(seed, students, first=number * students) for number in range(2))
    renamed = [sequel(one, MOVED_UP, _called(one.student, "Other")) for one in first]
    alike = [
        sequel(one, ENROLLED, _called(one.student, before.student.family_name, before.student.given_name))
        for one, before in zip(newcomers, first, strict=True)
    ]
    returned = [sequel(one, ENROLLED, before.student) for one, before in zip(renamed, first, strict=True)]
    return Scenario(
        seed=seed,
        sent=[
            *(Sent(0.0, record) for record in first),
            *(Sent(_RENAMED, record) for record in renamed),
            *(Sent(_CAME, record) for record in alike),
            *(Sent(_BACK, record) for record in (returned if back else ())),
        ],
        faults=[Kill(_RENAMED + 1.0 + turn, turn % 2, 5.0) for turn in range(kills)],
    )


def _enrolled(seed: int, students: int, *, first: int) -> Sequence[SimulatedRecord]:
    school = [tenant for tenant in tenants() if tenant.id == SCHOOL]
    stream = EventStream(seed=seed, tenants=school, encoder=encoder(), mix=PLAIN, students=students, first=first)
    return [*newest_of(stream).values()]


def _called(student: Student, family: str, given: str | None = None) -> Student:
    names = {"family_name": family, "given_name": given or student.given_name, "preferred_name": None}
    return student.model_copy(update=names)
