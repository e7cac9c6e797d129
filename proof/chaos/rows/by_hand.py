"""What people do to accounts that we made, before a newer event comes."""

from collections.abc import Mapping, Sequence
from functools import partial

from consumer.events import Student
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.directories import BOTH, belongings, block, delete, strip
from proof.chaos.rows.students import accounts, people, reasons, settled

_ACTS = ((block, "account disabled"), (delete, "account deleted"), (strip, "account stripped"))
"""By turns: what is done to the students' accounts, and how it is counted."""
_EACH = 4


@BOOK.row(
    71,
    "accounts disabled, deleted or stripped by hand, then a newer event",
    expected="restored, given again, or held and reported",
)
async def by_hand(experiment: Experiment) -> None:
    students = {tenant_id: people(experiment, tenant_id, len(_ACTS) * _EACH) for tenant_id, _ in BOTH}
    idents = [student.student_id for some in students.values() for student in some]
    await _send(experiment, students, version=1, status="enrolled")

    await experiment.until("everybody has an account", partial(settled, experiment, idents), seconds=60)
    known = await accounts(experiment, idents)
    had = {tenant_id: _belongings(experiment, tenant_id, some, known) for tenant_id, some in students.items()}
    for tenant_id, some in students.items():
        for index, student in enumerate(some):
            act, counted = _ACTS[index % len(_ACTS)]
            act(experiment, tenant_id, known[student.student_id])
            experiment.fire(counted)
    await _send(experiment, students, version=2, status="withdrawn")
    await _send(experiment, students, version=3, status="enrolled")
    disabled = [(tenant_id, one.student_id) for tenant_id, some in students.items() for one in some[:: len(_ACTS)]]
    wanted = dict.fromkeys((ident for _, ident in disabled), "account_disabled")

    async def held() -> bool:
        return await reasons(experiment, idents, reported=True) == wanted

    await experiment.until(
        "the students with a disabled account are held and reported, and no others", held, seconds=60
    )
    for tenant_id, ident in disabled:
        block(experiment, tenant_id, known[ident], blocked=False)
    await experiment.until(
        "everybody's newer event is carried out", partial(settled, experiment, idents, version=3), seconds=60
    )
    now = await accounts(experiment, idents)
    experiment.expect(now == known, "a student has another account than before")
    for tenant_id, some in students.items():
        lacks = [
            one for one, what in _belongings(experiment, tenant_id, some, now).items() if what != had[tenant_id][one]
        ]
        experiment.expect(not lacks, f"{len(lacks)} accounts at {tenant_id} lack licences or groups")


async def _send(
    experiment: Experiment, students: Mapping[str, Sequence[Student]], *, version: int, status: str
) -> None:
    await experiment.produce(
        [
            experiment.event(tenant_id, one, version, status=status)
            for tenant_id, some in students.items()
            for one in some
        ]
    )


def _belongings(
    experiment: Experiment, tenant_id: str, students: Sequence[Student], known: Mapping[str, str]
) -> Mapping[str, frozenset[str]]:
    return {one.student_id: belongings(experiment, tenant_id, known[one.student_id]) for one in students}
