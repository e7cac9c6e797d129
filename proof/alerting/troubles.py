"""What goes wrong, one after the other, in an installation that is otherwise well."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import psycopg

from consumer.events import Student
from proof.alerting.trouble import Trouble
from proof.chaos.experiment import Experiment
from proof.chaos.rows.directories import entra
from proof.chaos.rows.students import people, reasons, settled
from proof.chaos.sis import Raw
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.vendors import SKU

_NORTH, _HARBOUR = "north-high", "harbour-college"
_LEADS = 'provisioner_leading{loop="outbound"} 1.0'
_AWAY = Answer(status=503, body="")
_BUSY = Answer(status=429, body="{}", headers={"Retry-After": "1"})
_LEAVERS = 24
"""Four more than the guard lets go within an hour."""


def _students(experiment: Experiment, tenant_id: str, count: int) -> Sequence[Student]:
    """Of whom no event was sent yet."""
    return people(experiment, tenant_id, count, first=len(experiment.records))


async def _enrol(experiment: Experiment, tenant_id: str, count: int) -> Sequence[Student]:
    students = _students(experiment, tenant_id, count)
    await experiment.produce([experiment.event(tenant_id, student, 1) for student in students])
    return students


async def _served(experiment: Experiment, students: Sequence[Student], *, version: int = 1) -> None:
    idents = [student.student_id for student in students]
    await experiment.until("they are served", partial(settled, experiment, idents, version=version))


@asynccontextmanager
async def _enrolling(experiment: Experiment) -> AsyncGenerator[None]:
    """An ordinary morning. Afterwards every counter has a beginning."""
    for tenant_id in (_NORTH, _HARBOUR):
        await _served(experiment, await _enrol(experiment, tenant_id, 10))
    yield


@asynccontextmanager
async def _one_down(experiment: Experiment) -> AsyncGenerator[None]:
    followers = [one for one in experiment.replicas if _LEADS not in await one.metrics()]
    await followers[0].down()
    yield


@asynccontextmanager
async def _all_down(experiment: Experiment) -> AsyncGenerator[None]:
    await asyncio.gather(*(replica.down() for replica in experiment.replicas))
    yield


@asynccontextmanager
async def _database_away(experiment: Experiment) -> AsyncGenerator[None]:
    experiment.installation.database.proxy.refuse()
    await experiment.produce([experiment.event(_NORTH, one, 1) for one in _students(experiment, _NORTH, 2)])
    yield


@asynccontextmanager
async def _kafka_away(experiment: Experiment) -> AsyncGenerator[None]:
    experiment.faults(FaultRule(route="graph.users.create", fault=_AWAY))
    waiting = [one.student_id for one in await _enrol(experiment, _NORTH, 6)]

    async def begun() -> bool:
        return len(await reasons(experiment, waiting)) == len(waiting)

    await experiment.until("they are taken in", begun)
    for proxy in experiment.installation.brokers.proxies:
        proxy.refuse()
    experiment.faults()
    yield


@asynccontextmanager
async def _garbage(experiment: Experiment) -> AsyncGenerator[None]:
    await experiment.installation.sis.put_raw(Raw(None, b"no Avro", 0))
    yield


@asynccontextmanager
async def _unknown_tenant(experiment: Experiment) -> AsyncGenerator[None]:
    student = _students(experiment, _NORTH, 1)[0]
    await experiment.produce([experiment.event("not-configured", student, 1)])
    yield


@asynccontextmanager
async def _broken_file(experiment: Experiment) -> AsyncGenerator[None]:
    file = experiment.installation.world.directory / "tenants" / f"{_HARBOUR}.yaml"
    good = file.read_text(encoding="utf-8")
    file.write_text("id: [", encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(good, encoding="utf-8")


@asynccontextmanager
async def _no_licences(experiment: Experiment) -> AsyncGenerator[None]:
    stock = entra(experiment, _NORTH).stock
    licences, stock[SKU] = stock[SKU], 0
    try:
        await _enrol(experiment, _NORTH, 3)
        yield
    finally:
        stock[SKU] = licences


@asynccontextmanager
async def _all_withdrawn(experiment: Experiment) -> AsyncGenerator[None]:
    students = await _enrol(experiment, _HARBOUR, _LEAVERS)
    await _served(experiment, students)
    await experiment.produce([experiment.event(_HARBOUR, one, 2, status="left") for one in students])
    yield
    await experiment.produce([experiment.event(_HARBOUR, one, 3) for one in students])
    await _served(experiment, students, version=3)


@asynccontextmanager
async def _graph_answers(answer: Answer, experiment: Experiment, *, chance: float = 1.0) -> AsyncGenerator[None]:
    """While a student a second enrols."""

    async def enrolling() -> None:
        while True:
            await _enrol(experiment, _NORTH, 1)
            await asyncio.sleep(1)

    experiment.faults(FaultRule(route="graph.*", fault=answer, chance=chance))
    task = asyncio.create_task(enrolling())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def _locked(experiment: Experiment) -> AsyncGenerator[None]:
    students = await _enrol(experiment, _NORTH, 1)
    await _served(experiment, students)
    async with await psycopg.AsyncConnection.connect(experiment.installation.database.straight) as connection:
        await connection.execute("SELECT 1 FROM student WHERE student_id = %s FOR UPDATE", [students[0].student_id])
        await experiment.produce([experiment.event(_NORTH, students[0], 2)])
        yield
        await connection.rollback()


@asynccontextmanager
async def _restored(experiment: Experiment) -> AsyncGenerator[None]:
    database = experiment.installation.database
    await database.back_up()
    await _served(experiment, await _enrol(experiment, _HARBOUR, 2))
    await asyncio.gather(*(replica.down() for replica in experiment.replicas))
    await database.restore()
    await asyncio.gather(*(replica.up() for replica in experiment.replicas))
    yield


TROUBLES: Sequence[Trouble] = (
    Trouble("none: students enrol", _enrolling, frozenset(), stays=20),
    Trouble("one replica of two ends and does not come back", _one_down, frozenset({"ReplicaDown"})),
    Trouble("all replicas end", _all_down, frozenset({"NoReplica"}), stays=20),
    Trouble("PostgreSQL refuses connections", _database_away, frozenset({"DatabaseUnavailable"}), stays=20),
    Trouble(
        "Kafka refuses connections while accounts are created",
        _kafka_away,
        frozenset({"OutcomesUnpublished"}),
    ),
    Trouble("a record that is no Avro", _garbage, frozenset({"DeadLetters"})),
    Trouble(
        "events of a tenant that is not configured",
        _unknown_tenant,
        frozenset({"EventsParked"}),
        also=frozenset({"DeadLetters"}),
        stays=10,
    ),
    Trouble("a tenant's new file cannot be read", _broken_file, frozenset({"TenantFileInvalid"})),
    Trouble("no licences are left", _no_licences, frozenset({"StudentsHeld"})),
    Trouble("a school is withdrawn by mistake", _all_withdrawn, frozenset({"ActionsParked"})),
    Trouble("Graph answers every call with 503", partial(_graph_answers, _AWAY), frozenset({"VendorFailing"})),
    Trouble(
        "Graph throttles a third of the calls",
        partial(_graph_answers, _BUSY, chance=0.3),
        frozenset({"VendorThrottles"}),
    ),
    Trouble("another program locks a student's row", _locked, frozenset({"LockedStudents"})),
    Trouble(
        "a backup of the ledger is restored, while no replica runs",
        _restored,
        frozenset({"LedgerBehind"}),
        also=frozenset({"NoReplica"}),
    ),
)
