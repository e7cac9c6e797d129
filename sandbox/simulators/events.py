"""Status events as institutions emit them, good and bad, each with what must become of it.

students ──▶ a script each (versions in some order, repeats) ──▶ mixed among a few students at a time ──▶ records
                    └── after every nth: a record that is broken in the next way
"""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from consumer.events import ProviderAction, Student, student_key
from consumer.policy.condition import matches
from consumer.policy.decision import SkipReason
from consumer.tenants import StatusRow, Tenant, UnlistedStatus
from sandbox.simulators.breakage import LETTER_REASONS, UNKNOWN_TENANT, Breakage, broken
from sandbox.simulators.encoding import Encoder
from sandbox.simulators.expectation import APPLIED, APPLIED_OR_SUPERSEDED, DUPLICATE, SUPERSEDED, Expectation, Fate
from sandbox.simulators.people import People

_START = datetime(2026, 9, 1, 6, tzinfo=UTC)
_NO_ACTION = Expectation.only(Fate.SKIPPED, SkipReason.NO_ACTION)
_SYNC_DISABLED = Expectation.only(Fate.SKIPPED, SkipReason.EXTERNAL_SYNC_DISABLED)
_UNLISTED_SKIPPED = Expectation.only(Fate.SKIPPED, SkipReason.UNLISTED_STATUS)


@dataclass(frozen=True, slots=True)
class Mix:
    """How often things happen: to one in so many students (0: never), the first that fits. The rest enrol without a stir."""

    sync_disabled: int = 31
    idle: int = 7  # nothing they go through does anything
    late: int = 9  # the newest version comes first
    changed: int = 5  # two versions that act, in order
    withdrawn_first: int = 13  # a later version that does nothing overtakes the one that acts
    repeated: int = 4  # the last event that acts comes twice
    tied: int = 17  # another event bears the newest version too: the first one stands
    broken: int = 8  # followed by a broken record, the kinds in turn; none for students who are not synchronised


PLAIN = Mix(sync_disabled=0, idle=0, late=0, changed=0, withdrawn_first=0, repeated=0, tied=0, broken=0)
"""Everybody enrols without a stir."""


@dataclass(frozen=True, slots=True)
class SimulatedRecord:
    """One record for the topic. `student` is the person as the event tells of them, `event_id` its id where one can be read."""

    key: bytes
    value: bytes | None = field(repr=False)
    expectation: Expectation
    tenant_id: str
    student_id: str
    student: Student = field(repr=False)
    event_id: str | None
    version: int
    breakage: Breakage | None = None


class EventStream:
    """The same arguments give the same records, byte for byte. Students are made as they are asked for, so any number fits.

    Every tenant needs a status that creates accounts, for each of its students where attributes decide. A student's own records keep
    their order; `spread` students are mixed at a time; `first` is the number of the first, so that streams can be about different people.
    """

    def __init__(
        self,
        *,
        seed: int,
        tenants: Sequence[Tenant],
        students: int,
        encoder: Encoder,
        mix: Mix | None = None,
        spread: int = 25,
        first: int = 0,
    ) -> None:
        self._seed = seed
        self._tenants = tenants
        self._students = students
        self._encoder = encoder
        self._mix = mix or Mix()
        self._spread = spread
        self._first = first
        self._people = People(seed)

    def __iter__(self) -> Iterator[SimulatedRecord]:
        rng = random.Random(f"{self._seed}/events")  # noqa: S311  repeatable, guards nothing
        kinds = deque(Breakage)
        scripts = (
            deque(self._script(number, rng, kinds)) for number in range(self._first, self._first + self._students)
        )
        open_scripts = list(islice(scripts, self._spread))
        while open_scripts:
            at = rng.randrange(len(open_scripts))
            yield open_scripts[at].popleft()
            if not open_scripts[at]:
                following = next(scripts, None)
                if following is None:
                    del open_scripts[at]
                else:
                    open_scripts[at] = following

    def _script(self, number: int, rng: random.Random, kinds: "deque[Breakage]") -> Sequence[SimulatedRecord]:
        tenant = self._tenants[number % len(self._tenants)]
        student = self._people.student(tenant.id, number // len(self._tenants))
        scene = _Scene(tenant, student, self._encoder, rng, number)
        records = scene.play(self._mix)
        if _falls_on(number, self._mix.broken) and not _falls_on(number, self._mix.sync_disabled):
            kind = kinds[0]
            kinds.rotate(-1)
            records.append(scene.broken(kind, records))
        return records


class _Scene:
    """One student's events."""

    def __init__(self, tenant: Tenant, student: Student, encoder: Encoder, rng: random.Random, number: int) -> None:
        self._tenant = tenant
        self._student = student
        self._encoder = encoder
        self._rng = rng
        self._number = number
        rows = _deciding(tenant.statuses, student)
        self._acting = [row for row in rows if row.provider_action is ProviderAction.CREATE_ACCOUNT]
        self._idle = [row for row in rows if not row.provider_action]

    def play(self, mix: Mix) -> list[SimulatedRecord]:
        number = self._number
        if _falls_on(number, mix.sync_disabled):
            self._student = self._student.model_copy(update={"external_sync_disabled": True})
            return [self._act(1, _SYNC_DISABLED)]
        if _falls_on(number, mix.idle) and self._idle:
            return [self._rest(1), self._rest(2)]
        if _falls_on(number, mix.late):
            records = [self._act(3, APPLIED), self._act(1, SUPERSEDED), self._act(2, SUPERSEDED)]
        elif _falls_on(number, mix.changed):
            records = [self._act(1, APPLIED_OR_SUPERSEDED), self._act(2, APPLIED)]
        elif _falls_on(number, mix.withdrawn_first) and self._idle:
            records = [self._rest(2), self._act(1, APPLIED)]
        else:
            records = [*([self._rest(1)] if self._idle else []), self._act(2, APPLIED)]
        if _falls_on(number, mix.repeated):
            records.append(_again(records[-1]))
        if _falls_on(number, mix.tied):
            newest = next(record for record in records if record.expectation == APPLIED)
            records.append(self._act(newest.version, SUPERSEDED))
        return records

    def broken(self, kind: Breakage, earlier: Sequence[SimulatedRecord]) -> SimulatedRecord:
        event = self._event(self._rng.choice(self._acting), version=99)
        acted = [r.event_id for r in earlier if {Fate.APPLIED, Fate.SUPERSEDED} & r.expectation.fates]
        if kind is Breakage.REUSED_ID:
            if not acted:
                return self.broken(Breakage.WRONG_MAGIC, earlier)
            event["event_id"] = acted[-1]
        expectation = Expectation.only(Fate.DEAD_LETTER, LETTER_REASONS[kind])
        if kind is Breakage.UNLISTED_STATUS and self._tenant.unlisted_status is UnlistedStatus.SKIP:
            expectation = _UNLISTED_SKIPPED
        tenant_id = UNKNOWN_TENANT if kind is Breakage.UNKNOWN_TENANT else self._tenant.id
        return SimulatedRecord(
            key=student_key(tenant_id, self._student.student_id),
            value=broken(kind, event, self._encoder, self._rng),
            expectation=expectation,
            tenant_id=tenant_id,
            student_id=self._student.student_id,
            student=self._student,
            event_id=event["event_id"],
            version=99,
            breakage=kind,
        )

    def _act(self, version: int, expectation: Expectation) -> SimulatedRecord:
        return self._record(self._rng.choice(self._acting), version, expectation)

    def _rest(self, version: int) -> SimulatedRecord:
        return self._record(self._rng.choice(self._idle), version, _NO_ACTION)

    def _record(self, row: StatusRow, version: int, expectation: Expectation) -> SimulatedRecord:
        event = self._event(row, version)
        return SimulatedRecord(
            key=student_key(self._tenant.id, self._student.student_id),
            value=self._encoder.encode(event),
            expectation=expectation,
            tenant_id=self._tenant.id,
            student_id=self._student.student_id,
            student=self._student,
            event_id=event["event_id"],
            version=version,
        )

    def _event(self, row: StatusRow, version: int) -> dict[str, Any]:
        return {
            "event_id": str(UUID(int=self._rng.getrandbits(128), version=4)),
            "occurred_at": _START + timedelta(minutes=self._number, seconds=version),
            "tenant_id": self._tenant.id,
            "version": version,
            "previous_status": self._tenant.statuses[0].id if version > 1 else None,
            "status": {"id": row.id, "name": row.name, "type": row.type},
            "student": self._student.model_dump(),
        }


def _deciding(rows: Sequence[StatusRow], student: Student) -> Sequence[StatusRow]:
    """Of each status, the row that is for the student, if there is one."""
    first: dict[str, StatusRow] = {}
    for row in rows:
        if matches(row.when, student.attributes):
            first.setdefault(row.id, row)
    return list(first.values())


def _again(record: SimulatedRecord) -> SimulatedRecord:
    return SimulatedRecord(
        key=record.key,
        value=record.value,
        expectation=DUPLICATE,
        tenant_id=record.tenant_id,
        student_id=record.student_id,
        student=record.student,
        event_id=record.event_id,
        version=record.version,
    )


def _falls_on(number: int, every: int) -> bool:
    return every > 0 and number % every == every - 1
