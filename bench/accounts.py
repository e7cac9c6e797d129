"""Whole accounts: looked for, created, licensed, put into a group and written to, by vendors that take 100 ms; every step durable."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bench.database import DatabaseWork
from bench.installation import Installation, installation
from bench.parts import Parts, say
from bench.reading import take
from bench.row import Row
from bench.scale import Scale
from bench.skips import flat
from consumer.events import ProviderAction, Status, StudentStatusChanged
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.port.inbox import Arrival
from consumer.tenants import Tenant
from sandbox.simulators.people import People

WANTED = 200
_BATCH = 500
_KEPT = {
    "for ever": ("student", "account", "address", "step"),
    "as events and attempts": ("inbox", "attempt"),
    "as outcomes": ("outbox",),
}


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """Accepts events of so many students, then lets one process of the service, all three loops of it, work them."""
    say(f"accounts: {scale.students:,} students of {scale.institutions} institutions, 100 ms a call …")
    with installation(parts, "accounts", institutions=scale.institutions) as on:
        before = DatabaseWork.now(parts.database)
        accept(on, scale.students)
        reading = take("bench.service", str(on.config), str(scale.students))
        database = DatabaseWork.now(parts.database).since(before)
    cpu = reading.cpu / reading.events
    return [
        Row("whole accounts, one process", f"{reading.rate:,.0f}/s", f"{WANTED}/s", reading.rate >= WANTED),
        Row("… CPU of the service's process", f"{cpu * 1e3:.1f} ms an account: {1 / cpu:,.0f}/s on a core of its own"),
        Row("… the database's work", _work(database, scale.students)),
        Row("… what the ledger keeps", _kept(database, scale.students)),
        flat(f"memory, {scale.students:,} accounts", reading),
    ]


def _work(database: DatabaseWork, accounts: int) -> str:
    cpu = "" if database.cpu is None else f"{database.cpu / accounts * 1e3:.1f} ms of CPU, "
    return f"{cpu}{database.transactions / accounts:.2f} transactions, {database.wal / accounts / 1e3:.1f} kB of log an account"


def _kept(database: DatabaseWork, accounts: int) -> str:
    """By how long it is kept: see `RetentionSettings`."""
    kept = {table: sum(database.sizes[name] for name in names) / accounts / 1e3 for table, names in _KEPT.items()}
    return ", ".join(f"{size:.1f} kB {period}" for period, size in kept.items()) + " an account"


def accept(on: Installation, students: int) -> None:
    """Puts events of so many students into the ledger, as intake does."""
    engine = open_engine(on.settings.database.url)
    inbox = PostgresInbox(engine)
    epochs = {("filled", 0): inbox.own("filled", [0], owner="bench")[0].epoch}
    people = People(7)
    for start in range(0, students, _BATCH):
        numbers = range(start, min(start + _BATCH, students))
        inbox.accept([_arrival(on.tenants[n % len(on.tenants)], people, n) for n in numbers], epochs=epochs)
    engine.dispose()


def _arrival(tenant: Tenant, people: People, number: int) -> Arrival:
    event = StudentStatusChanged(
        event_id=f"e{number}",
        occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
        tenant_id=tenant.id,
        version=1,
        status=Status(id="enrolled", name="Enrolled", type="Registered"),
        student=people.student(tenant.id, number),
    )
    return Arrival("filled", 0, number, event, ProviderAction.CREATE_ACCOUNT, tenant.providers, event.event_id.encode())
