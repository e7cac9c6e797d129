"""The guard: a whole school leaves at once, by mistake or not."""

from collections.abc import Sequence
from functools import partial

from consumer.errors import Reason
from consumer.ledger.engine import open_engine
from consumer.ledger.guard import PostgresGuardDesk
from consumer.ledger.port.guard import Decision, Verdict
from consumer.policy.guard import Guarded
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.departures import enrol, gone, leave, leavers
from proof.chaos.rows.students import accounts, people, reasons, settled

_NORTH, _HARBOUR = "north-high", "harbour-college"
_OTHERS = 3
"""Of each kind, who leave another institution."""
_LIMIT, _MORE = 20, 10
"""The usual limit, of a school with fewer than 400 accounts, and how many there are beyond it."""


@BOOK.row(
    33,
    "mass suspend",
    expected="the guard holds after its limit, others are served; what a person approves is carried out",
    alone=True,
    heals_within=900,
)
async def mass_suspend(experiment: Experiment) -> None:
    idents = await _all_leave(experiment)
    await experiment.settled(1.0 if experiment.full else 0.5)
    experiment.expect(await _blocked(experiment, idents) == _LIMIT, "others' work moved the limit")
    engine = open_engine(experiment.installation.database.straight)
    try:
        desk = PostgresGuardDesk(engine)
        last = desk.parked_actions(_NORTH)[-1].number
        decided = desk.decide(
            Decision(_NORTH, Guarded.SUSPEND_ACCOUNT, last, Verdict.APPROVED, "operator", "they have left")
        )
    finally:
        engine.dispose()
    experiment.expect(decided == _MORE, f"{decided} actions were approved")
    await experiment.until("all are suspended", partial(settled, experiment, idents, version=2))
    blocked = await _blocked(experiment, idents)
    experiment.expect(blocked == len(idents), f"{blocked} of {len(idents)} accounts are blocked")


@BOOK.row(
    87,
    "a whole school withdrawn by mistake, and corrected",
    expected="the guard parks the rest; those who were suspended are enabled again",
    alone=True,
    heals_within=900,
)
async def corrected(experiment: Experiment) -> None:
    idents = await _all_leave(experiment)
    students = people(experiment, _NORTH, len(idents))
    await experiment.produce([experiment.event(_NORTH, student, 3) for student in students])
    await experiment.until("all have their accounts", partial(settled, experiment, idents, version=3))
    blocked = await _blocked(experiment, idents)
    experiment.expect(blocked == 0, f"{blocked} accounts are blocked")
    parked = await reasons(experiment, idents, step="suspend")
    experiment.expect(not parked, f"{len(parked)} students wait")


async def _all_leave(experiment: Experiment) -> Sequence[str]:
    """The students, of whom so many are suspended as the limit says, and the others are reported as parked."""
    students = people(experiment, _NORTH, _LIMIT + _MORE)
    idents = [student.student_id for student in students]
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in students])
    await experiment.until("they have accounts", partial(settled, experiment, idents))
    await experiment.produce([experiment.event(_NORTH, student, 2, status="left") for student in students])

    async def held() -> bool:
        waiting = await reasons(experiment, idents, step="suspend", reported=True)
        parked = [one for one in waiting.values() if one == Reason.GUARD_PARKED]
        return len(parked) == _MORE and await _blocked(experiment, idents) == _LIMIT

    await experiment.until("the guard has parked the rest", held)
    experiment.fire("suspension parked", _MORE)
    # Another institution's departures are no part of it.
    others = leavers(experiment, _HARBOUR, _OTHERS)
    await enrol(experiment, others)
    await leave(experiment, others)
    await gone(experiment, others)
    return idents


async def _blocked(experiment: Experiment, idents: Sequence[str]) -> int:
    """How many of their accounts no one can sign in to."""
    ids = set((await accounts(experiment, idents)).values())
    directories = experiment.installation.world.graph.directories.values()
    users = [user for one in directories for user in one.users.values() if user.id in ids]
    return sum(user.properties.get("accountEnabled") is False for user in users)
