"""The same ledger twice: in memory, and on PostgreSQL. `Given` says what a test needs of either."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url

from consumer.events import Provider, ProviderAction, Status, Student, StudentStatusChanged
from consumer.ledger.engine import open_engine
from consumer.ledger.guard import PostgresGuardDesk
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.inspect import Inspection
from consumer.ledger.migrations import upgrade
from consumer.ledger.outbox import PostgresOutbox
from consumer.ledger.overview import PostgresOverviews
from consumer.ledger.port.guard import GuardDesk
from consumer.ledger.port.history import History
from consumer.ledger.port.inbox import Arrival, Disposition, Inbox
from consumer.ledger.port.outbox import Outbox
from consumer.ledger.port.overview import Overviews
from consumer.ledger.port.retention import Retention
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room, Work
from consumer.ledger.port.writes import Defer
from consumer.ledger.privileges import grant
from consumer.ledger.quotas import PostgresQuotas
from consumer.ledger.retention import PostgresRetention
from consumer.ledger.work import PostgresWork
from consumer.pacing.port import Quotas
from testbed.fakes.ledger import MemoryLedger

TOPIC = "events"


def event(
    event_id: str = "e1", *, student_id: str = "s1", version: int = 1, tenant_id: str = "north", family: str = "Rossi"
) -> StudentStatusChanged:
    return StudentStatusChanged(
        event_id=event_id,
        occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
        tenant_id=tenant_id,
        version=version,
        status=Status(id="enrolled", name="Enrolled", type="Registered"),
        student=Student(student_id=student_id, given_name="Maria", family_name=family),
    )


def arrival(of: StudentStatusChanged, *, offset: int = 0, partition: int = 0) -> Arrival:
    value = of.model_dump_json().encode()
    return Arrival(TOPIC, partition, offset, of, ProviderAction.CREATE_ACCOUNT, (Provider.MICROSOFT,), value)


def suspension(of: StudentStatusChanged) -> Arrival:
    """The event's status suspends the account."""
    return replace(arrival(of), action=ProviderAction.SUSPEND_ACCOUNT)


def cancellation(of: StudentStatusChanged, *, offset: int = 0, partition: int = 0) -> Arrival:
    """The event's status asks for nothing."""
    return replace(arrival(of, offset=offset, partition=partition), providers=())


class Ledger(Protocol):
    """Either ledger, and what tests do to it from outside."""

    inbox: Inbox
    work: Work
    quotas: Quotas
    guard: GuardDesk
    outbox: Outbox
    retention: Retention
    history: History
    overviews: Overviews

    def advance(self, seconds: float) -> None: ...

    def dispositions(self) -> Mapping[str, Disposition]: ...

    def sealed(self) -> set[int]:
        """The generations of which a sealed password lies there, expired or not."""
        ...


@dataclass
class InMemory:
    """The fake, and its clock."""

    now: datetime = datetime(2026, 9, 1, 12, tzinfo=UTC)
    ledger: MemoryLedger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(lambda: self.now)
        self.inbox: Inbox = self.ledger
        self.work: Work = self.ledger
        self.quotas: Quotas = self.ledger
        self.guard: GuardDesk = self.ledger
        self.outbox: Outbox = self.ledger
        self.retention: Retention = self.ledger
        self.history: History = self.ledger
        self.overviews: Overviews = self.ledger

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def dispositions(self) -> Mapping[str, Disposition]:
        return self.ledger.dispositions()

    def sealed(self) -> set[int]:
        return {generation for _, generation in self.ledger.student("north", "s1").known.credentials}


class OnPostgres:
    """The real one, as the service's role. Time is moved by moving every time that is written down, as the tables' `owner`."""

    def __init__(self, engine: Engine, owner: Engine) -> None:
        self.engine = engine
        self.owner = owner
        self.unreadable: list[str] = []
        """Places of records that could not be read."""
        self.inbox: Inbox = PostgresInbox(engine)
        self.work: Work = PostgresWork(engine, unreadable=self.unreadable.append)
        self.quotas: Quotas = PostgresQuotas(engine)
        self.guard: GuardDesk = PostgresGuardDesk(engine)
        self.outbox: Outbox = PostgresOutbox(engine, unreadable=self.unreadable.append)
        self.retention: Retention = PostgresRetention(engine, page=2)  # so that there are several
        self.history: History = Inspection(engine)
        self.overviews: Overviews = PostgresOverviews(engine)

    def advance(self, seconds: float) -> None:
        moved = {
            "student": ("due_at", "lease_until", "accepted_at"),
            "student_wait": ("since", "until"),
            "tenant_wait": ("until",),
            "guarded_action": ("at", "decided_at"),
            "inbox": ("settled_at",),
            "parked_record": ("parked_at",),
            "attempt": ("started_at", "ended_at"),
            "credential": ("expires_at",),
            "outbox": ("created_at", "recalled_at"),
            "step": ("started_at", "deadline", "lost_at"),
            "address": ("retired_at",),
            "account": ("delete_at", "notice_at", "noticed_for"),
            "vendor_limit": ("next_at", "slowed_at"),
        }
        with self.owner.begin() as connection:
            for table, columns in moved.items():
                changes = ", ".join(f"{column} = {column} - :seconds * interval '1 second'" for column in columns)
                connection.execute(text(f"UPDATE {table} SET {changes}"), {"seconds": seconds})  # noqa: S608

    def dispositions(self) -> Mapping[str, Disposition]:
        with self.engine.begin() as connection:
            rows = connection.execute(text("SELECT event_id, disposition FROM inbox"))
            return {row.event_id: Disposition(row.disposition) for row in rows}

    def execute(self, statement: str, **values: object) -> Sequence[Any]:
        """What another program does to the database, committed; the rows where it asks for some."""
        with self.owner.begin() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else ()

    def sealed(self) -> set[int]:
        with self.engine.begin() as connection:
            return {row.generation for row in connection.execute(text("SELECT generation FROM credential"))}


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    """A database with the ledger's tables, as their owner: what administrators and other programs do to it."""
    owner = open_engine(database_url)
    upgrade(owner)
    yield owner
    owner.dispose()


@pytest.fixture
def engine(database_url: str, owner: Engine, service_role: str) -> Iterator[Engine]:
    """The same database as the service's role, with the privileges that it is given."""
    grant(owner, service_role)
    url = make_url(database_url).set(username=service_role).render_as_string(hide_password=False)
    engine = open_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def on_postgres(engine: Engine, owner: Engine) -> Iterator[OnPostgres]:
    ledger = OnPostgres(engine, owner)
    yield ledger
    for threads in (ledger.work, ledger.quotas):
        opened: Any = threads
        opened.close()


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.parts)])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    return InMemory() if request.param == "memory" else request.getfixturevalue("on_postgres")


async def put_off(work: Work, jobs: Sequence[Job], seconds: float) -> None:
    """Hands these students back, to be tried again after so many seconds."""
    for job in jobs:
        await work.commit(job.lease, [Defer(seconds)])


async def seconds_to_next(work: Work) -> float | None:
    """Until a student can be claimed who is planned; None where nothing is."""
    due = await work.due(None)
    return 0.0 if due.tenants else due.next_in


class Given:
    """Short words for what most tests begin with."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.epochs = {(TOPIC, p): o.epoch for p, o in ledger.inbox.own(TOPIC, [0, 1], owner="me").items()}

    def accept(self, *events: StudentStatusChanged) -> Sequence[Disposition]:
        return self.ledger.inbox.accept([arrival(one) for one in events], epochs=self.epochs)

    async def claim(self, places: int = 10, *, lease: float = 60, tenant: str = "north") -> list[Job]:
        return list(await self.ledger.work.claim({tenant: Room(places)}, lease=lease, worker="w"))

    async def seconds_to_next(self) -> float | None:
        return await seconds_to_next(self.ledger.work)

    async def claim_one(self) -> Job:
        (job,) = await self.claim()
        return job


@pytest.fixture
def given(ledger: Ledger) -> Given:
    return Given(ledger)
