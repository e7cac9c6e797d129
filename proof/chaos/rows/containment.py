"""Containment: one record, one row, one tenant is broken, and no other notices."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import LiteralString

import psycopg

from consumer.events import Provider
from consumer.policy.marker import marker
from consumer.tenants import Tenant
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.students import mails, people, reasons, settled
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.world import World

_NORTH, _HARBOUR, _SOUTH = "north-high", "harbour-college", "south-academy"
_UNREADABLE = "provisioner_unreadable_records_total"
_LOCKED = "provisioner_intake_locked_events"
_UNUSABLE = "provisioner_tenant_unusable"


@BOOK.row(
    78,
    "rows of the ledger that this version can't read: an unknown action, an unknown step",
    expected="quarantined and counted; all others continue; once repaired, they continue too",
)
async def unreadable_rows(experiment: Experiment) -> None:
    *victims, other = people(experiment, _NORTH, 3)
    idents = [student.student_id for student in victims]
    marks = [marker(Provider.MICROSOFT, _NORTH, ident) for ident in idents]
    busy = Answer(status=429, body="{}", headers={"Retry-After": "2"})
    experiment.faults(*(FaultRule(route="graph.users.create", fault=busy, containing=(mark,)) for mark in marks))
    await experiment.produce([experiment.event(_NORTH, student, 1) for student in victims])

    async def begun() -> bool:
        return set(await reasons(experiment, idents)) == set(idents)

    await experiment.until("their creations were tried, and wait", begun, seconds=60)
    by_action, by_step = idents
    await _rewrite(experiment, _ACTION, '"levitate"', by_action)
    await _rewrite(experiment, _STATE, by_step, "pondered")
    await _rewrite(experiment, _DUE, by_step)
    experiment.faults()

    async def aside() -> bool:
        found = await reasons(experiment, idents, step="")
        counted = await experiment.metric(_UNREADABLE) >= len(idents)
        return counted and found == dict.fromkeys(idents, "unreadable_record")

    await experiment.until("they are put aside, with the reason, and counted", aside, seconds=60)
    experiment.fire("unreadable row", int(await experiment.metric(_UNREADABLE)))
    await experiment.produce([experiment.event(_NORTH, other, 1)])
    await experiment.until("another student is served", partial(settled, experiment, [other.student_id]), seconds=30)
    await _rewrite(experiment, _ACTION, '"create_account"', by_action)
    await _rewrite(experiment, _STATE, by_step, "throttled")
    for ident in () if experiment.full else idents:  # in the long form they are found within a minute
        await _rewrite(experiment, _DUE, ident)
    await experiment.until("they continue", partial(settled, experiment, idents))
    experiment.expect(experiment.exits() == 0, "a replica ended")


# A worker that holds the student would write its state again.
_ACTION = """
    UPDATE student SET desired = jsonb_set(desired, '{action}', %s::jsonb), due_at = now()
    WHERE student_id = %s AND lease_until IS NULL
"""
_STATE = """
    WITH free AS (SELECT * FROM student WHERE student_id = %s AND lease_until IS NULL FOR NO KEY UPDATE)
    UPDATE step SET state = %s, lease_epoch = free.lease_epoch FROM free
    WHERE name = 'create' AND (step.tenant_id, step.student_id) = (free.tenant_id, free.student_id)
"""
_DUE = "UPDATE student SET due_at = now() WHERE student_id = %s"


async def _rewrite(experiment: Experiment, statement: LiteralString, *values: str) -> None:
    database = experiment.installation.database.straight

    async def written() -> bool:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            return (await connection.execute(statement, values)).rowcount == 1

    await experiment.until("the student is free, and its record rewritten", written, seconds=60)


def _broken(world: World, tenants: Sequence[Tenant]) -> Sequence[Tenant]:
    """One tenant lacks its secret, another one's key is none."""
    _away(_secret(world, _NORTH, "graph"))
    key = _secret(world, _SOUTH, "google")
    _away(key)
    key.write_text("{}", encoding="utf-8")
    return tenants


@BOOK.row(
    79,
    "tenants with a broken secret, key, CA file or template",
    expected="each waits by itself; the process starts and runs, the others are served",
    arrange=_broken,
)
async def broken_tenants(experiment: Experiment) -> None:
    installation, world = experiment.installation, experiment.installation.world
    await _others_are_served(experiment, 0, held=(_NORTH, _SOUTH), unwelcomed=())
    experiment.fire("secret missing")
    experiment.fire("key broken")
    _back(_secret(world, _NORTH, "graph"))
    _back(_secret(world, _SOUTH, "google"))
    await installation.configure([_without_ca_and_template(world, tenant) for tenant in installation.ordinary])
    await installation.all_ready()
    await _others_are_served(experiment, 1, held=(_NORTH,), unwelcomed=(_SOUTH,))
    experiment.fire("CA file broken")
    experiment.fire("template missing")
    await installation.configure(installation.ordinary)


async def _others_are_served(
    experiment: Experiment, turn: int, *, held: Sequence[str], unwelcomed: Sequence[str]
) -> None:
    students = {tenant: people(experiment, tenant, 3, first=3 * turn) for tenant in (_NORTH, _SOUTH, _HARBOUR)}
    idents = {tenant: [student.student_id for student in those] for tenant, those in students.items()}
    await experiment.produce(
        [experiment.event(tenant, student, 1) for tenant, those in students.items() for student in those]
    )
    for tenant in (*held, *unwelcomed):
        await experiment.until(f"{tenant} waits", partial(_unusable, experiment, idents[tenant]), seconds=60)
    await experiment.until("the others are served", partial(settled, experiment, idents[_HARBOUR]), seconds=30)
    experiment.expect(
        not held or await experiment.metric(_UNUSABLE) > 0, "no metric tells of a tenant that cannot be used"
    )
    for tenant in (*held, *unwelcomed):
        experiment.expect(not await mails(experiment, idents[tenant]), f"mails were sent for {tenant}")
    experiment.expect(experiment.exits() == 0, "a replica ended")


async def _unusable(experiment: Experiment, idents: Sequence[str]) -> bool:
    found = await reasons(experiment, idents)
    return set(found) == set(idents) and set(found.values()) == {"tenant_unusable"}


def _without_ca_and_template(world: World, tenant: Tenant) -> Tenant:
    if tenant.id == _NORTH and tenant.microsoft:
        wrong = world.directory / "no-certificate.pem"
        wrong.write_text("no certificate", encoding="utf-8")
        return tenant.model_copy(update={"microsoft": tenant.microsoft.model_copy(update={"ca_file": wrong})})
    if tenant.id == _SOUTH:
        mail = tenant.welcome_email.model_copy(update={"template": "not-written-yet"})
        return tenant.model_copy(update={"welcome_email": mail})
    return tenant


def _secret(world: World, tenant_id: str, kind: str) -> Path:
    return world.directory / "secrets" / f"{tenant_id}.{kind}"


def _away(path: Path) -> None:
    path.rename(path.with_name(f"{path.name}.away"))


def _back(path: Path) -> None:
    path.with_name(f"{path.name}.away").rename(path)


@BOOK.row(
    81,
    "a student's row is locked by a transaction that stays open",
    expected="that student waits; no other does",
)
async def locked_row(experiment: Experiment) -> None:
    student, *others = people(experiment, _NORTH, 6)
    await experiment.produce([experiment.event(_NORTH, student, 1)])
    await experiment.until("the student is known", partial(settled, experiment, [student.student_id]), seconds=60)
    newer = experiment.event(_NORTH, student, 2)
    async with await psycopg.AsyncConnection.connect(experiment.installation.database.straight) as connection:
        await connection.execute("SELECT 1 FROM student WHERE student_id = %s FOR UPDATE", [student.student_id])
        await experiment.produce([newer])

        async def locked() -> bool:
            return await experiment.metric(_LOCKED) > 0

        await experiment.until("the event is met by the lock", locked, seconds=60)
        experiment.fire("row locked")
        for turn in range(max(1, int(experiment.window / 10))):  # again and again while the lock lasts
            idents = [one.student_id for one in others]
            await experiment.produce([experiment.event(_NORTH, one, turn + 1) for one in others])
            await experiment.until("the others are served", partial(settled, experiment, idents), seconds=20)
        await experiment.sleep(0.5)
        experiment.expect(
            not await experiment.accepted(newer), "the event was accepted although its student's row was locked"
        )
        await connection.rollback()
    await experiment.until("the event is accepted after the lock", partial(experiment.accepted, newer), seconds=30)
    experiment.expect(experiment.exits() == 0, "a replica ended")
