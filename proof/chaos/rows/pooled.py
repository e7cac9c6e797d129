"""Pooled: PgBouncer stands before PostgreSQL, and dies; then PostgreSQL itself dies, and its standby takes over."""

import asyncio
from collections.abc import Sequence
from functools import partial

from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK, Load
from proof.chaos.rows.students import listed, people, settled
from testbed.parts.pgbouncer import Mode

_MODES: Sequence[tuple[Mode, str]] = (("session", "session"), ("transaction", "auto"))
"""PgBouncer's modes, and the service's setting for each: `auto` takes any pooler for one that shares out server connections."""


@BOOK.row(
    82,
    "PgBouncer before PostgreSQL, in session and in transaction mode, is killed again and again; then PostgreSQL fails over",
    expected="continues by itself, nothing lost or done twice; 0 restarts of ours",
    load=Load(many=100),
    standby=True,
)
async def poolers_and_failover(experiment: Experiment) -> None:
    database = experiment.installation.database
    for turn, (mode, published) in enumerate(_MODES):
        async with database.pooled(mode) as pooler:
            await _lead(experiment, pooler.url(), pooler=published)
            idents = await _enrol(experiment, turn)
            for _ in range(max(2, int(experiment.window / 4))):
                await asyncio.sleep(experiment.rng.uniform(0.5, 2))
                await asyncio.to_thread(pooler.kill)
                experiment.fire(f"kill -9 of PgBouncer in {mode} mode")
                await asyncio.to_thread(pooler.start)
            await experiment.until(
                f"students are settled through PgBouncer in {mode} mode", partial(settled, experiment, idents)
            )
    await _lead(experiment, database.straight)
    idents = await _enrol(experiment, len(_MODES))
    await experiment.until("one of them is settled", partial(_some_settled, experiment, idents))
    await database.fail_over()
    experiment.fire("failover")
    await experiment.until("students are settled by the new primary", partial(settled, experiment, idents))
    experiment.expect(experiment.exits() == 0, "a replica ended")


async def _lead(experiment: Experiment, url: str, *, pooler: str = "auto") -> None:
    """Restarts all replicas with this way to the database, and waits until they are ready."""
    environ = {"PROVISIONER_DATABASE__URL": url, "PROVISIONER_DATABASE__POOLER": pooler}
    await asyncio.gather(*(replica.restart(environ) for replica in experiment.replicas))
    await experiment.installation.all_ready()


async def _enrol(experiment: Experiment, turn: int) -> Sequence[str]:
    """Students who were in no turn before: half as many as the load has, over all tenants."""
    tenants = experiment.installation.tenants
    each = experiment.students // 2 // len(tenants)
    found = [(tenant.id, one) for tenant in tenants for one in people(experiment, tenant.id, each, first=turn * each)]
    await experiment.produce([experiment.event(tenant_id, student, 1) for tenant_id, student in found])
    return [student.student_id for _, student in found]


async def _some_settled(experiment: Experiment, idents: Sequence[str]) -> bool:
    query = f"SELECT count(*) FROM student WHERE applied_version = desired_version AND student_id IN ({listed(idents)})"  # noqa: S608
    return await experiment.installation.watch.count(query) > 0
