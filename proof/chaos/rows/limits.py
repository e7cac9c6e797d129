"""Limits: a vendor that allows so many calls in a second, and names no time when it refuses."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from psycopg import AsyncConnection

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK, Load
from proof.chaos.rows.students import people, settled
from sandbox.simulators.audit import Entry
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.vendors import Quirks

_HARBOUR = "harbour-college"
_RATE = 10
"""Creations in a second that Google allows in a domain."""
_CREATION = "directory.users.insert"
_HOUR = 3_600
_FEW, _ENOUGH = 0.01, 0.98
"""Shares: at most so many creations are refused, and at least so much of the limit is used while replicas leave and join in order; as in
simulated time. That is for the long form, on a machine that does nothing else: where four processes share a core, a tenth of the tokens
pass unused."""
_FEW_IN_TROUBLE, _ENOUGH_IN_TROUBLE = 0.02, 0.4
"""The same while replicas are killed and clocks step, and in the short form: these depend on the machine's load."""


@BOOK.row(
    85,
    "vendor at its limit, names no time; replicas leave, are killed and join; the database's clock steps",
    expected="nearly all of the limit used, nearly no call refused",
    load=Load(few=150, many=900, mix=None),
    quirks=Quirks(google=GoogleQuirks(creations_per_second=_RATE)),
    changes={"provisioning": {"lease": 60}},
    heals_within=180,
)
async def at_its_limit(experiment: Experiment) -> None:
    students = people(experiment, _HARBOUR, experiment.students)
    idents = [student.student_id for student in students]
    await experiment.produce([experiment.event(_HARBOUR, student, 1) for student in students])
    first, second = experiment.replicas[:2]
    await _at(experiment, 0.2)
    await first.restart()
    experiment.fire("left and joined")
    await _at(experiment, 0.35)
    few, enough = (_FEW, _ENOUGH) if experiment.full else (_FEW_IN_TROUBLE, _ENOUGH_IN_TROUBLE)
    calls = experiment.calls(_CREATION)
    _judge(experiment, calls, few=few, used=_used(calls), enough=enough)
    for part, victim, step in ((0.4, first, -_HOUR), (0.6, second, _HOUR)):
        await _at(experiment, part)
        victim.kill()
        experiment.fire("kill")
        await _step_clock(experiment, step)
        experiment.fire("clock step")
    await experiment.until("all are settled", partial(settled, experiment, idents))
    calls = experiment.calls(_CREATION)
    # Of the first half: others wait for the leases of the replicas that were killed.
    used = _used(calls[: len(calls) // 2])
    _judge(experiment, calls, few=_FEW_IN_TROUBLE, used=used, enough=_ENOUGH_IN_TROUBLE)


async def _at(experiment: Experiment, part: float) -> None:
    """Waits until that part of the students have an account."""

    async def created() -> bool:
        return sum(call.executed for call in experiment.calls(_CREATION)) >= part * experiment.students

    await experiment.until("some are created", created)


async def _step_clock(experiment: Experiment, seconds: float) -> None:
    """As if the database's clock had stepped, forth or back: what replicas have taken from the limits lies further back, or ahead."""
    async with await AsyncConnection.connect(experiment.installation.database.straight) as connection:
        await connection.execute("UPDATE vendor_limit SET next_at = next_at - make_interval(secs => %s)", (seconds,))


def _used(calls: Sequence[Entry]) -> float:
    """Which share of the limit they are."""
    times = [call.at for call in calls]
    return len(times) / (_RATE * (max(times) - min(times)))


def _judge(experiment: Experiment, calls: Sequence[Entry], *, few: float, used: float, enough: float) -> None:
    refused = sum(call.status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS} for call in calls)
    experiment.expect(refused <= few * len(calls) + 1, f"{refused} of {len(calls)} creations refused")
    experiment.expect(used >= enough, f"{used:.0%} of the limit used")
