"""The ledger in memory. Keeps the same contract as the one on PostgreSQL (`tests/ledger`), with a clock that the test owns."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from consumer.errors import Fenced
from consumer.events import Provider, StepName
from consumer.ledger.journal import LEASE_MARGIN
from consumer.ledger.port import (
    Account,
    Arrival,
    Batch,
    BeginStep,
    Defer,
    Desired,
    DestroyCredential,
    Disposition,
    EndStep,
    Job,
    KeepLease,
    Lease,
    OutboxRow,
    Publish,
    RefuseAddress,
    SaveAccount,
    SealCredential,
    SealedCredential,
    Settle,
    Step,
    StepState,
    TenantWaits,
    Waiting,
    Write,
)

_Key = tuple[str, str]


@dataclass
class _Student:
    arrival: Arrival
    accepted_at: datetime
    due_at: datetime | None
    attempt: int = 0
    epoch: int = 0
    lease_until: datetime | None = None
    claimed_version: int = -1
    settled_version: int = -1
    accounts: dict[Provider, Account] = field(default_factory=dict[Provider, Account])
    steps: dict[tuple[Provider, StepName], Step] = field(default_factory=dict[tuple[Provider, StepName], Step])
    credentials: dict[tuple[Provider, int], SealedCredential] = field(
        default_factory=dict[tuple[Provider, int], SealedCredential]
    )

    @property
    def desired_version(self) -> int:
        return self.arrival.event.version


@dataclass
class _Row:
    publish: Publish
    created_at: datetime
    batch: int | None = None


@dataclass
class _Relay:
    epoch: int = 0
    batch: int = 0
    published: int = 0


class MemoryLedger:
    """`Inbox`, `Work` and `Outbox` over dictionaries."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._owners: dict[tuple[str, int], int] = {}
        self._inbox: dict[_Key, tuple[Arrival, Disposition]] = {}
        self._students: dict[_Key, _Student] = {}
        self._addresses: dict[tuple[Provider, str], _Key | None] = {}
        self._waits: dict[tuple[str, str], datetime] = {}
        self._rows: list[_Row] = []
        self._relays: dict[str, _Relay] = {}

    # what tests look at

    def dispositions(self) -> Mapping[str, Disposition]:
        """The inbox: event ids and what became of them."""
        return {event_id: disposition for (_, event_id), (_, disposition) in self._inbox.items()}

    def outcomes(self) -> Sequence[Publish]:
        """Every outcome that was ever queued."""
        return [row.publish for row in self._rows]

    def student(self, tenant_id: str, student_id: str) -> _Student:
        """The row of one student."""
        return self._students[tenant_id, student_id]

    # Inbox

    def own(self, topic: str, partitions: Collection[int], *, owner: str) -> Mapping[int, int]:
        del owner
        for partition in partitions:
            self._owners[topic, partition] = self._owners.get((topic, partition), 0) + 1
        return {partition: self._owners[topic, partition] for partition in partitions}

    def accept(self, arrivals: Sequence[Arrival], *, epochs: Mapping[tuple[str, int], int]) -> Sequence[Disposition]:
        for arrival in arrivals:
            place = (arrival.topic, arrival.partition)
            if self._owners.get(place) != epochs.get(place):
                raise Fenced("The partition has another owner now.")
        newest: dict[_Key, int] = {}
        for arrival in arrivals:
            event_key = (arrival.event.tenant_id, arrival.event.event_id)
            if event_key not in self._inbox:
                newest[_who(arrival)] = max(arrival.event.version, newest.get(_who(arrival), -1))
        return [self._accept(arrival, newest.get(_who(arrival), -1)) for arrival in arrivals]

    def _accept(self, arrival: Arrival, newest: int) -> Disposition:
        event_key = (arrival.event.tenant_id, arrival.event.event_id)
        if event_key in self._inbox:
            same = self._inbox[event_key][0].digest == arrival.digest
            return Disposition.DUPLICATE if same else Disposition.REUSED_ID
        known = self._students.get(_who(arrival))
        wins = arrival.event.version == newest and (known is None or known.desired_version < arrival.event.version)
        disposition = Disposition.PENDING if wins else Disposition.SUPERSEDED
        self._inbox[event_key] = (arrival, disposition)
        if wins:
            now = self._clock()
            student = known or _Student(arrival, now, now)
            student.arrival, student.accepted_at, student.due_at, student.attempt = arrival, now, now, 0
            self._students[_who(arrival)] = student
        return disposition

    # Work

    async def claim(self, room: Mapping[str, int], *, lease: float, worker: str) -> Sequence[Job]:
        del worker
        now = self._clock()
        jobs: list[Job] = []
        for tenant, places in room.items():
            due = [
                (student.due_at, key, student)
                for key, student in self._students.items()
                if key[0] == tenant
                and student.due_at is not None
                and student.due_at <= now
                and (student.lease_until is None or student.lease_until <= now)
            ]
            for _, key, student in sorted(due, key=lambda one: one[:2])[:places]:
                student.epoch += 1
                student.attempt += 1
                student.lease_until = now + timedelta(seconds=lease)
                student.claimed_version = student.desired_version
                jobs.append(self._job(key, student, now))
        return jobs

    def _job(self, key: _Key, student: _Student, now: datetime) -> Job:
        arrival = student.arrival
        live = sorted((c for c in student.credentials.values() if c.expires_at > now), key=lambda c: c.generation)
        return Job(
            lease=Lease(*key, student.epoch),
            desired=Desired(arrival.event, arrival.action, arrival.providers, student.accepted_at, arrival.traceparent),
            now=now,
            attempt=student.attempt,
            accounts=dict(student.accounts),
            steps=dict(student.steps),
            credentials={credential.provider: credential for credential in live},
        )

    async def seconds_to_next(self) -> float | None:
        now = self._clock()
        due = [max(s.due_at, s.lease_until or s.due_at) for s in self._students.values() if s.due_at is not None]
        return max(0.0, (min(due) - now).total_seconds()) if due else None

    async def reserve(self, lease: Lease, provider: Provider, candidates: Sequence[str]) -> str | None:
        self._held(lease)
        who = (lease.tenant_id, lease.student_id)
        for (at, address), holder in self._addresses.items():
            if at is provider and holder == who:
                return address
        for candidate in candidates:
            if (provider, candidate.lower()) not in self._addresses:
                self._addresses[provider, candidate.lower()] = who
                return candidate.lower()
        return None

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        student = self._held(lease)
        now = self._clock()
        until = self._waits.get((lease.tenant_id, service)) if service else None
        if until and until > now:
            raise Waiting((until - now).total_seconds())
        for write in writes:
            self._write(lease, student, write, now)

    def _held(self, lease: Lease) -> _Student:
        student = self._students[lease.tenant_id, lease.student_id]
        if student.epoch != lease.epoch or student.lease_until is None or student.lease_until <= self._clock():
            raise Fenced("The student's lease has ended.")
        return student

    def _write(self, lease: Lease, student: _Student, write: Write, now: datetime) -> None:  # noqa: C901, PLR0912  one case a write
        match write:
            case BeginStep():
                attempt = (
                    student.steps[write.provider, write.name].attempt
                    if (write.provider, write.name) in student.steps
                    else 0
                )
                student.steps[write.provider, write.name] = Step(
                    write.provider, write.name, StepState.STARTED, write.version, attempt + 1, write.request_hash, now
                )
                _keep(student, now, write.timeout)
            case KeepLease():
                _keep(student, now, write.timeout)
            case EndStep():
                if step := student.steps.get((write.provider, write.name)):
                    ended = replace(step, state=write.state, reason=write.reason)
                    student.steps[write.provider, write.name] = ended
            case SaveAccount():
                student.accounts[write.account.provider] = write.account
            case RefuseAddress():
                self._addresses[write.provider, write.address.lower()] = None
                student.accounts.pop(write.provider, None)
            case SealCredential():
                expires_at = now + timedelta(seconds=write.lifetime)
                sealed = SealedCredential(write.provider, write.generation, write.sealed, expires_at)
                student.credentials.setdefault((write.provider, write.generation), sealed)
            case DestroyCredential():
                student.credentials = {at: c for at, c in student.credentials.items() if at[0] is not write.provider}
            case Publish():
                if write.event_id not in self._published_ids():
                    self._rows.append(_Row(write, now))
            case TenantWaits():
                place = (lease.tenant_id, write.service)
                self._waits[place] = max(now + timedelta(seconds=write.seconds), self._waits.get(place, now))
            case Defer():
                newer = student.desired_version > student.claimed_version
                student.due_at = now if newer else now + timedelta(seconds=write.seconds)
                student.lease_until = None
            case Settle():
                self._settle(lease, student, write, now)

    def _published_ids(self) -> set[UUID]:
        return {row.publish.event_id for row in self._rows}

    def _settle(self, lease: Lease, student: _Student, write: Settle, now: datetime) -> None:
        for key, (arrival, disposition) in self._inbox.items():
            about = _who(arrival) == (lease.tenant_id, lease.student_id)
            if about and disposition is Disposition.PENDING and arrival.event.version <= write.version:
                final = write.disposition if arrival.event.version == write.version else Disposition.SUPERSEDED
                self._inbox[key] = (arrival, final)
        student.settled_version = max(student.settled_version, write.version)
        student.due_at = now if student.desired_version > write.version else None
        student.lease_until = None
        student.attempt = 0

    # Outbox

    def take_over(self, relay: str) -> int:
        last = max(self._relays.values(), key=lambda known: known.batch, default=_Relay())
        self._relays.setdefault(relay, _Relay(0, last.batch, last.published)).epoch += 1
        return self._relays[relay].epoch

    def newest(self, relay: str, epoch: int) -> int:
        return self._relay(relay, epoch).batch

    def unpublished(self, relay: str, epoch: int) -> Sequence[Batch]:
        known = self._relay(relay, epoch)
        return [self._batch(number) for number in range(known.published + 1, known.batch + 1)]

    def next_batch(self, relay: str, epoch: int, *, limit: int) -> Batch | None:
        known = self._relay(relay, epoch)
        waiting = [row for row in self._rows if row.batch is None][:limit]
        if not waiting:
            return None
        known.batch += 1
        for row in waiting:
            row.batch = known.batch
        return self._batch(known.batch)

    def published(self, relay: str, epoch: int, number: int) -> None:
        known = self._relay(relay, epoch)
        known.published = max(known.published, number)

    def waiting_seconds(self) -> float:
        published = max((known.published for known in self._relays.values()), default=0)
        waiting = [row.created_at for row in self._rows if row.batch is None or row.batch > published]
        return (self._clock() - min(waiting)).total_seconds() if waiting else 0.0

    def _batch(self, number: int) -> Batch:
        rows = [row.publish for row in self._rows if row.batch == number]
        return Batch(number, [OutboxRow(row.topic, row.key, row.value, row.headers) for row in rows])

    def _relay(self, relay: str, epoch: int) -> _Relay:
        if self._relays[relay].epoch != epoch:
            raise Fenced("Another relay has taken over.")
        return self._relays[relay]


def _keep(student: _Student, now: datetime, timeout: float) -> None:
    until = now + timedelta(seconds=timeout + LEASE_MARGIN)
    student.lease_until = max(until, student.lease_until or until)


def _who(arrival: Arrival) -> _Key:
    return arrival.event.tenant_id, arrival.event.student.student_id
