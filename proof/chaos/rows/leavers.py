"""Provider: students who leave."""

from functools import partial

from consumer.events import Provider
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.departures import Standing, stand
from proof.chaos.rows.students import accounts, listed, people, settled
from sandbox.simulators.faults import Answer, FaultRule

_NORTH = "north-high"
_LEAVING = 6
_REVOKE = "graph.users.revokeSignInSessions"
_DENIED = (
    '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}'
)


@BOOK.row(
    48,
    "one permission missing during a suspend",
    expected="disabled all the same; what is missing is reported, and done when it is there",
    heals_within=900,
)
async def one_permission(experiment: Experiment) -> None:
    students = people(experiment, _NORTH, _LEAVING)
    idents = [student.student_id for student in students]
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in students])
    await experiment.until("they have accounts", partial(settled, experiment, idents))
    experiment.faults(FaultRule(route=_REVOKE, fault=Answer(status=403, body=_DENIED)))
    await experiment.produce([experiment.event(_NORTH, student, 2, status="left") for student in students])
    await experiment.until("all are reported as suspended", partial(_reported, experiment, idents))
    experiment.fire("403", len(experiment.calls(_REVOKE)))
    directory = experiment.installation.world.graph.directories
    ids = set((await accounts(experiment, idents)).values())
    open_to_sign_in = [
        user.id
        for one in directory.values()
        for user in one.users.values()
        if user.id in ids and user.properties.get("accountEnabled") is not False
    ]
    experiment.expect(not open_to_sign_in, f"{len(open_to_sign_in)} accounts can be signed in to")
    # Who departs is deleted all the same.
    await experiment.produce([experiment.event(_NORTH, student, 3, status="departed") for student in students[:2]])
    await stand(experiment, _NORTH, dict.fromkeys(idents[:2], Standing.DELETED))
    experiment.fire("deleted without it", 2)
    experiment.faults()


async def _reported(experiment: Experiment, idents: list[str]) -> bool:
    rows = await experiment.installation.watch.rows(
        f"SELECT count(*) FROM account WHERE provider = '{Provider.MICROSOFT}' AND student_id IN ({listed(idents)}) "  # noqa: S608  our own ids
        "AND settled_version = 2"
    )
    return rows[0][0] == len(idents)
