"""Loop 2's side of the ledger in memory."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from consumer.errors import Fenced, Superseded
from consumer.events import Provider
from consumer.ledger.journal import LEASE_MARGIN
from consumer.ledger.known import Tenure, apply
from consumer.ledger.port.inbox import Disposition
from consumer.ledger.port.places import within
from consumer.ledger.port.student import Desired, Job, Lease
from consumer.ledger.port.work import Backlog, Due, Room, Waiting
from consumer.ledger.port.writes import (
    BeginStep,
    Defer,
    DestroyCredential,
    EndStep,
    KeepLease,
    Publish,
    RefuseAddress,
    ReleaseAddress,
    RetireAddress,
    SaveAccount,
    SealCredential,
    Settle,
    TenantWaits,
    Verified,
    Write,
)
from consumer.policy.work_class import WorkClass
from testbed.fakes.ledger.guard import guarded, settled
from testbed.fakes.ledger.state import OnState, Queued, ServiceWait, StudentRow


class MemoryWork(OnState):
    """`Work` over dictionaries."""

    async def due(self, since: datetime | None) -> Due:
        now = self._state.clock()
        oldest, later, urgent = dict[str, datetime](), list[datetime](), set[str]()
        for (tenant, _), student in self._state.planned.items():
            due_at = student.due_at or now
            if due_at > now:
                later.append(due_at)
            elif _can_be_claimed(student, now, now) and (since is None or due_at > since):
                oldest[tenant] = min(due_at, oldest.get(tenant, due_at))
                urgent |= {tenant} if student.work_class is WorkClass.URGENT else set()
        tenants = {
            tenant: Backlog((now - due_at).total_seconds(), self._whole_services_waiting(tenant, now), tenant in urgent)
            for tenant, due_at in sorted(oldest.items())
        }
        return Due(now, tenants, (min(later) - now).total_seconds() if later else None)

    def _whole_services_waiting(self, tenant: str, now: datetime) -> Mapping[str, float]:
        return {
            service: (wait.until - now).total_seconds()
            for (whose, service), wait in self._state.waits.items()
            if whose == tenant and wait.until > now and "/" not in service
        }

    async def claim(self, room: Mapping[str, Room], *, lease: float, worker: str) -> Sequence[Job]:
        now = self._state.clock()
        before = {tenant: self._claimed_before(tenant, of, now) for tenant, of in room.items()}
        due: defaultdict[str, list[StudentRow]] = defaultdict(list)
        for (tenant, _), student in self._state.planned.items():
            if tenant in room and _can_be_claimed(student, before[tenant], now):
                due[tenant].append(student)
        jobs = list[Job]()
        for student in (one for tenant, of in room.items() for one in _chosen(due[tenant], of)):
            student.worker = worker
            student.epoch = self._state.next_epoch(student.epoch)
            student.attempt += 1
            student.lease_until = now + timedelta(seconds=lease)
            student.lease_writes = 0
            student.claimed_version = student.desired_version
            jobs.append(_job(student, now))
        return guarded(self._state, jobs, room)

    def _claimed_before(self, tenant: str, room: Room, now: datetime) -> datetime:
        needed = [self._state.waits.get((tenant, service)) for service in room.services]
        all_wait = bool(needed) and all(wait and wait.until > now for wait in needed)
        return now - timedelta(seconds=room.overdue) if all_wait else now

    async def reserve(self, lease: Lease, providers: Sequence[Provider], candidates: Sequence[str]) -> str | None:
        key, reserved = self._held(lease).key, self._state.reserved
        own = [reserved[at, key] for at in providers if (at, key) in reserved]
        missing = [at for at in providers if (at, key) not in reserved]
        for address in (*own, *(candidate.lower() for candidate in candidates)):
            if all(self._is_free((at, address), key) for at in missing):
                for at in missing:
                    self._state.addresses[at, address] = key
                    self._state.retired.pop((at, address), None)
                reserved.update({(at, key): address for at in missing})
                break
        return reserved.get((providers[0], key))

    def _is_free(self, place: tuple[Provider, str], key: tuple[str, str]) -> bool:
        return place not in self._state.addresses or (
            place in self._state.retired and self._state.addresses[place] == key
        )

    async def commit(self, lease: Lease, writes: Sequence[Write], *, service: str | None = None) -> None:
        student = self._held(lease)
        now = self._state.clock()
        if student.desired_version > student.claimed_version and any(isinstance(write, BeginStep) for write in writes):
            raise Superseded("A newer event was accepted.")
        self._heed_waits(lease.tenant_id, service, now)
        student.lease_writes = max(student.lease_writes, lease.written + 1)
        for write in writes:
            self._write(student, write, lease.epoch, now)

    def _heed_waits(self, tenant: str, service: str | None, now: datetime) -> None:
        known = [(place, self._state.waits.get((tenant, place))) for place in (within(service) if service else ())]
        if waits := [(place, wait) for place, wait in known if wait and wait.until > now]:
            place, longest = max(waits, key=lambda one: one[1].until)
            cause = longest.cause
            raise Waiting(
                (longest.until - now).total_seconds(),
                service=place,
                reason=cause.reason,
                code=cause.code,
                held=cause.held,
            )

    def _held(self, lease: Lease) -> StudentRow:
        student = self._state.students[lease.tenant_id, lease.student_id]
        if student.epoch != lease.epoch or student.lease_until is None or student.lease_until <= self._state.clock():
            raise Fenced("The student's lease has ended.")
        if student.lease_writes < lease.written:
            raise Fenced("Commits under the lease were lost.")
        return student

    def _write(self, student: StudentRow, write: Write, epoch: int, now: datetime) -> None:
        under = Tenure(epoch, student.worker, student.claimed_version)
        student.known = apply(student.known, write, under=under, now=now)
        match write:
            case BeginStep() | KeepLease():
                _keep(student, now, write.timeout)
            case RefuseAddress() | ReleaseAddress() | RetireAddress():
                self._take_back(student, write, now)
            case SealCredential():
                self._state.sealed[student.key] = student
            case Publish():
                self._publish(write, now)
            case TenantWaits():
                place = (student.key[0], write.service)
                wait = ServiceWait(now + timedelta(seconds=write.seconds), write)
                self._state.waits[place] = max(wait, self._state.waits.get(place, wait), key=lambda one: one.until)
            case Defer():
                newer = student.desired_version > student.claimed_version
                student.lease_until = None
                self._state.plan(student, now if newer else now + timedelta(seconds=write.seconds))
            case Settle():
                self._settle(student, write, now)
            case EndStep() | Verified() | SaveAccount() | DestroyCredential():
                pass

    def _take_back(
        self, student: StudentRow, write: RefuseAddress | ReleaseAddress | RetireAddress, now: datetime
    ) -> None:
        """The student's reservation ends; the address is another account's, free, or a former one."""
        address, place = write.address.lower(), (write.provider, write.address.lower())
        holder, has = self._state.addresses.get(place), self._state.reserved.get((write.provider, student.key))
        match write:
            case RefuseAddress():
                self._state.addresses[place] = None
                self._state.retired.pop(place, None)
            case ReleaseAddress():
                if holder == student.key:
                    del self._state.addresses[place]
                    self._state.retired.pop(place, None)
            case RetireAddress():
                if place not in self._state.addresses or holder == student.key:
                    self._state.addresses[place] = student.key
                    self._state.retired.setdefault(place, now)
        if has == address:
            del self._state.reserved[write.provider, student.key]

    def _publish(self, write: Publish, now: datetime) -> None:
        if write.event_id not in self._state.outbox:
            row = Queued(write, now)
            self._state.outbox[write.event_id] = row
            self._state.unnumbered.append(row)

    def _settle(self, student: StudentRow, write: Settle, now: datetime) -> None:
        for row in student.pending:
            if row.arrival.event.version <= write.version:
                newest = row.arrival.event.version == write.version
                row.disposition = write.disposition if newest else Disposition.SUPERSEDED
                row.settled_at = now
        student.pending = [row for row in student.pending if row.arrival.event.version > write.version]
        settled(self._state, student, write.version)
        student.settled_version = max(student.settled_version, write.version)
        deletions = [account.due_at for account in student.known.accounts.values() if account.due_at]
        if student.settled_version >= student.desired_version and not deletions:
            self._state.open.discard(student.key)
        student.lease_until = None
        student.attempt = 0
        if student.desired_version > write.version:
            self._state.plan(student, now)
        else:
            unsure = any(step.unsure for step in student.known.steps.values())
            verification = [now + timedelta(seconds=write.verify_in)] if unsure else []
            self._state.plan(student, min([*verification, *deletions], default=None))


def _chosen(due: Sequence[StudentRow], room: Room) -> Sequence[StudentRow]:
    """Urgent work first, but for the places that are for others."""
    by_class: dict[WorkClass, list[StudentRow]] = {work_class: [] for work_class in room.classes}
    for student in sorted(due, key=lambda one: (one.due_at, one.key)):
        if student.work_class in by_class:
            by_class[student.work_class].append(student)
    urgent, others = by_class.get(WorkClass.URGENT, []), by_class.get(WorkClass.NORMAL, [])
    first = room.places - room.others
    return [*urgent[:first], *others, *urgent[first:]][: room.places]


def _can_be_claimed(student: StudentRow, before: datetime, now: datetime) -> bool:
    due = student.due_at is not None and student.due_at <= before
    return due and (student.lease_until is None or student.lease_until <= now)


def _job(student: StudentRow, now: datetime) -> Job:
    arrival, known = student.arrival, student.known
    live = sorted((c for c in known.credentials.values() if c.expires_at > now), key=lambda c: c.generation)
    return Job(
        lease=Lease(*student.key, student.epoch),
        desired=Desired(arrival.event, arrival.action, arrival.providers, student.accepted_at, arrival.traceparent),
        now=now,
        attempt=student.attempt,
        settled_version=student.settled_version,
        accounts=known.accounts,
        steps=known.steps,
        credentials={credential.provider: credential for credential in live},
        waits=known.waits,
    )


def _keep(student: StudentRow, now: datetime, timeout: float) -> None:
    until = now + timedelta(seconds=timeout + LEASE_MARGIN)
    student.lease_until = max(until, student.lease_until or until)
