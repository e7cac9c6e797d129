"""Years of events through intake and settlement, with retention on: whether tables and claims stay as they are.

The statements are the service's own, in its own order: accept, claim, intent, result, outcome, settlement, numbering, publication,
deletion. Only vendors and Kafka are left out, and time is shortened: what is kept for days is kept for seconds.
"""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, text

from bench.parts import Parts, say
from bench.row import Row
from bench.scale import Scale
from bench.students import ENDED, PROVIDER, arrival, begun
from consumer.events import (
    outcome_id,
    student_key,
)
from consumer.ledger.claims import Claims
from consumer.ledger.engine import open_engine
from consumer.ledger.inbox import PostgresInbox
from consumer.ledger.journal import Entry, Journal
from consumer.ledger.outbox import PostgresOutbox
from consumer.ledger.port.inbox import Arrival, Disposition
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.ledger.port.writes import EndStep, Publish, Settle
from consumer.ledger.retention import PostgresRetention

_BATCH = 500
_TENANTS = 20
_KEEP = 20.0
"""Seconds; a row's week or its ninety days."""
_PRUNE_EVERY = 5.0
_PARTS = 10
_FLAT = 1.5
_ENOUGH = 1_000_000
"""Events: with fewer, the server's autovacuum has hardly had its first turn."""
_TABLES = ("inbox", "outbox", "attempt")
_SIZE = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the run: bytes by table at its end, and the median seconds of a claim in it."""

    sizes: Mapping[str, int]
    claim: float


def measure(parts: Parts, scale: Scale) -> Sequence[Row]:
    """Works so many events, each student's again and again, and looks ten times."""
    engine = open_engine(parts.database)
    flow = _Flow(engine, students=scale.growth // 20)
    say(f"growth: {scale.growth:,} events, kept for {_KEEP:.0f} s …")
    began, seen = time.perf_counter(), list[_Part]()
    for number in range(_PARTS):
        claims = [flow.batch() for _ in range(max(1, scale.growth // _PARTS // _BATCH))]
        seen.append(_Part({name: _size(engine, name) for name in _TABLES}, statistics.median(claims)))
        rate = flow.events / (time.perf_counter() - began)
        say(f"  {number + 1} of {_PARTS}: {flow.events:,} events, {rate:,.0f}/s; {_summary(seen[-1])}")
    engine.dispose()
    judged = scale.growth >= _ENOUGH
    sizes = [_row(name, [part.sizes[name] / 1e6 for part in seen], "MB", judged=judged) for name in _TABLES]
    return [*sizes, _row("a claim of 500 students", [part.claim * 1e3 for part in seen], "ms", judged=judged)]


class _Flow:
    """One process's work, batch by batch."""

    def __init__(self, engine: Engine, *, students: int) -> None:
        self.events = 0
        self._students = max(_BATCH, students)
        self._inbox = PostgresInbox(engine)
        self._claims = Claims(engine)
        self._journal = Journal(engine)
        self._outbox = PostgresOutbox(engine)
        self._retention = PostgresRetention(engine)
        self._epochs = {("growth", 0): self._inbox.own("growth", [0], owner="bench")[0].epoch}
        self._relay = self._outbox.take_over("growth")
        self._room = {f"tenant-{number}": Room(_BATCH) for number in range(_TENANTS)}
        self._prune_at = 0.0

    def batch(self) -> float:
        """So many events, from their acceptance to the publication of their outcomes; the seconds that a claim took."""
        self._inbox.accept([self._arrival(self.events + number) for number in range(_BATCH)], epochs=self._epochs)
        self.events += _BATCH
        began = time.perf_counter()
        jobs = self._claims.claim(self._room, lease=60, worker="bench")
        took = time.perf_counter() - began
        self._journal.write([Entry(job.lease, (begun(job),)) for job in jobs])
        self._journal.write([Entry(job.lease, _done(job)) for job in jobs])
        while numbered := self._outbox.next_batch("growth", self._relay, limit=_BATCH):
            self._outbox.published("growth", self._relay, numbered.number)
        if time.perf_counter() >= self._prune_at:
            self._prune()
            self._prune_at = time.perf_counter() + _PRUNE_EVERY
        return took

    def _prune(self) -> None:
        pages = (
            self._retention.published_outcomes(keep=_KEEP),
            self._retention.settled_events(keep=_KEEP),
            self._retention.old_attempts(keep={}, others=_KEEP),
        )
        for table in pages:
            for _ in table:
                pass

    def _arrival(self, number: int) -> Arrival:
        version, student = divmod(number, self._students)
        return arrival(
            f"e{number}",
            f"tenant-{student % _TENANTS}",
            f"s{student}",
            version=version,
            topic="growth",
            offset=number,
        )


def _done(job: Job) -> tuple[EndStep, Publish, Settle]:
    tenant, student, version = job.lease.tenant_id, job.lease.student_id, job.desired.event.version
    event_id = outcome_id("account-provisioned", tenant, student, PROVIDER, version, "")
    outcome = Publish(event_id, "account-provisioned", student_key(tenant, student), bytes(300), ())
    return ENDED, outcome, Settle(version, Disposition.APPLIED, 0)


def _size(engine: Engine, table: str) -> int:
    with engine.begin() as connection:
        return connection.execute(_SIZE, {"name": table}).scalar_one()


def _row(what: str, values: Sequence[float], unit: str, *, judged: bool) -> Row:
    """Flat from the second part on, in which everything that is kept for its time is there."""
    first, largest, last = values[1], max(values[2:]), values[-1]
    shown = f"{first:,.1f} {unit} after a fifth, {largest:,.1f} at most, {last:,.1f} at the end"
    return Row(
        f"with retention: {what}", shown, f"flat ({_FLAT} or less)", largest <= _FLAT * first if judged else None
    )


def _summary(part: _Part) -> str:
    sizes = ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in part.sizes.items())
    return f"{sizes}; a claim {part.claim * 1e3:.1f} ms"
