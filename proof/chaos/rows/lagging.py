"""Lagging: few connections to the database, whose standby has fallen behind when it takes over."""

import asyncio
from functools import partial

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK, Load
from proof.chaos.rows.departures import enrol, gone, leave, leavers
from proof.chaos.rows.directories import BOTH
from proof.chaos.rows.restored import BEHIND, creations, judged_as_forgotten
from proof.chaos.rows.students import people, settled

_CONNECTIONS = 2
"""Of each replica, for all that it does at once."""
_NEW = 5
"""Students of each tenant, who enrol and leave while the standby is behind."""


@BOOK.row(
    61,
    "pool exhausted; fail-over to a standby that lacks the last transactions, among them departures",
    expected="students wait for a connection; the older ledger is noticed, and the gap is processed again: nothing twice",
    load=Load(many=100),
    standby=True,
    judge=judged_as_forgotten,
    changes={"database": {"pool_size": _CONNECTIONS}},
    heals_within=180,
)
async def lagging_standby(experiment: Experiment) -> None:
    database = experiment.installation.database
    environ = {"PROVISIONER_DATABASE__URL": database.straight}  # of both servers
    await asyncio.gather(*(replica.restart(environ) for replica in experiment.replicas))
    await experiment.installation.all_ready()
    those = [leavers(experiment, tenant_id, 3) for tenant_id, _ in BOTH]
    await enrol(experiment, *those)
    await experiment.loaded()
    await experiment.quiet()
    experiment.fire("replica with two connections", len(experiment.replicas))
    await database.fall_behind()
    new = [(tenant_id, student) for tenant_id, _ in BOTH for student in people(experiment, tenant_id, _NEW, first=100)]
    idents = [student.student_id for _, student in new]
    await experiment.produce([experiment.event(tenant_id, student, 1) for tenant_id, student in new])
    await leave(experiment, *those)
    await experiment.until("all is done by the old primary", partial(settled, experiment, idents))
    await gone(experiment, *those)
    await experiment.quiet()
    before = len(creations(experiment))
    await database.fail_over()
    experiment.fire("fail-over to a standby that is behind")

    async def noticed() -> bool:
        return await experiment.metric(BEHIND) > 0

    await experiment.until("it is noticed that the ledger is older", noticed)
    await experiment.until("the gap is processed again", partial(settled, experiment, idents))
    await experiment.quiet()
    await gone(experiment, *those)
    twice = len(creations(experiment)) - before
    experiment.expect(not twice, f"{twice} accounts were made once more")
