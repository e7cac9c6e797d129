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
_REFUSED, _USED = 0.02, 0.4
"""Shares: at most so many creations are refused, and at least so much of the limit is used while there is work and replicas die. These
depend on the machine's load; the exact ones are proven in simulated time."""


@BOOK.row(
    85,
    "vendor at its limit, names no time; replicas killed and joining; the database's clock steps",
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
    for share, victim in ((0.2, experiment.replicas[0]), (0.5, experiment.replicas[1])):
        await experiment.until("some are created", partial(_created, experiment, round(share * len(students))))
        victim.kill()
        experiment.fire("kill")
        # As if the database's clock had been set back: what was taken lies in the future now.
        async with await AsyncConnection.connect(experiment.installation.database.straight) as connection:
            await connection.execute("UPDATE vendor_limit SET next_at = next_at + interval '1 hour'")
        experiment.fire("clock step")
        await victim.up()
    await experiment.until("all are settled", partial(settled, experiment, idents))
    _judge(experiment, experiment.calls("directory.users.insert"))


async def _created(experiment: Experiment, count: int) -> bool:
    return sum(call.executed for call in experiment.calls("directory.users.insert")) >= count


def _judge(experiment: Experiment, calls: Sequence[Entry]) -> None:
    refused = [call for call in calls if call.status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}]
    times = sorted(call.at for call in calls)
    # The first half: others wait for the leases of the replicas that were killed.
    late = times[len(times) // 2]
    used = sum(at <= late for at in times) / (_RATE * (late - times[0]))
    experiment.expect(len(refused) <= _REFUSED * len(calls) + 1, f"{len(refused)} of {len(calls)} creations refused")
    experiment.expect(used >= _USED, f"{used:.0%} of the limit used")
