"""What people do to accounts that we made, before a newer event comes."""

from collections.abc import Mapping, Sequence
from functools import partial

from consumer.events import Student
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import BOTH, belongings, block, delete, strip
from proof.chaos.rows.students import accounts, people, reasons, settled
from proof.chaos.scene import Scene

_ACTS = ((block, "account disabled"), (delete, "account deleted"), (strip, "account stripped"))
"""By turns: what is done to the students' accounts, and how it is counted."""
_EACH = 4


@BOOK.row(
    71,
    "accounts disabled, deleted or stripped by hand, then a newer event",
    expected="restored, given again, or held and reported",
)
async def by_hand(scene: Scene) -> None:
    students = {tenant_id: people(scene, tenant_id, len(_ACTS) * _EACH) for tenant_id, _ in BOTH}
    idents = [student.student_id for some in students.values() for student in some]
    await _send(scene, students, version=1, status="enrolled")

    await scene.until("everybody has an account", partial(settled, scene, idents), seconds=60)
    known = await accounts(scene, idents)
    had = {tenant_id: _belongings(scene, tenant_id, some, known) for tenant_id, some in students.items()}
    for tenant_id, some in students.items():
        for index, student in enumerate(some):
            act, counted = _ACTS[index % len(_ACTS)]
            act(scene, tenant_id, known[student.student_id])
            scene.fire(counted)
    await _send(scene, students, version=2, status="withdrawn")
    await _send(scene, students, version=3, status="enrolled")
    disabled = [(tenant_id, one.student_id) for tenant_id, some in students.items() for one in some[:: len(_ACTS)]]
    wanted = dict.fromkeys((ident for _, ident in disabled), "account_disabled")

    async def held() -> bool:
        return await reasons(scene, idents, reported=True) == wanted

    await scene.until("the students with a disabled account are held and reported, and no others", held, seconds=60)
    for tenant_id, ident in disabled:
        block(scene, tenant_id, known[ident], blocked=False)
    await scene.until("everybody's newer event is carried out", partial(settled, scene, idents, version=3), seconds=60)
    now = await accounts(scene, idents)
    scene.expect(now == known, "somebody has another account than before")
    for tenant_id, some in students.items():
        lacks = [one for one, what in _belongings(scene, tenant_id, some, now).items() if what != had[tenant_id][one]]
        scene.expect(not lacks, f"{len(lacks)} accounts at {tenant_id} lack licences or groups")


async def _send(scene: Scene, students: Mapping[str, Sequence[Student]], *, version: int, status: str) -> None:
    await scene.produce(
        [scene.event(tenant_id, one, version, status=status) for tenant_id, some in students.items() for one in some]
    )


def _belongings(
    scene: Scene, tenant_id: str, students: Sequence[Student], known: Mapping[str, str]
) -> Mapping[str, frozenset[str]]:
    return {one.student_id: belongings(scene, tenant_id, known[one.student_id]) for one in students}
