"""What each commit left in the ledger's tables, row by row, as the checker reads it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from consumer.errors import Reason
from consumer.events import Provider, StepName
from consumer.ledger.known import Known
from consumer.ledger.port.inbox import Arrival, Disposition, Place
from consumer.ledger.port.student import Account, Step
from consumer.ledger.port.writes import BeginStep, Defer, EndStep, Settle, TenantWaits, Write
from consumer.ledger.renamed import state_column
from proof.history import Change
from proof.simulation.clock import Clock
from testbed.fakes.ledger.state import Key, State, StudentRow

_Row = dict[str, Any]
KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class ChangeLog:
    """Follows the ledger in memory. `applied` is the newest version of each student that was applied."""

    def __init__(self, clock: Clock, state: State) -> None:
        self.changes: list[Change] = []
        self.applied: dict[Key, int] = {}
        self._clock = clock
        self._state = state
        self._ended: dict[tuple[Key, Provider, StepName], float] = {}
        self._aside: set[Key] = set()

    def student(self, row: StudentRow) -> None:
        """The student's row has changed."""
        self._add("student", row.key, _student(row, self.applied.get(row.key, -1)))

    def owned(self, topic: str, epochs: Mapping[int, int]) -> None:
        """Partitions have been taken over."""
        for partition, epoch in epochs.items():
            self._write("partition_epoch", {"topic": topic, "partition": partition, "epoch": epoch})

    def passed(self, offsets: Mapping[Place, int], epochs: Mapping[Place, int]) -> None:
        """The next offsets of partitions have been stored."""
        for (topic, partition), offset in offsets.items():
            row = {"topic": topic, "partition": partition, "epoch": epochs[topic, partition], "next_offset": offset}
            self._write("partition_epoch", row)

    def accepted(self, arrival: Arrival, disposition: Disposition, epoch: int) -> None:
        """An event has been taken into the inbox, under its partition's epoch."""
        event = arrival.event
        self._write(
            "inbox",
            {
                "tenant_id": event.tenant_id,
                "event_id": event.event_id,
                "student_id": event.student.student_id,
                "version": event.version,
                "topic": arrival.topic,
                "partition": arrival.partition,
                "kafka_offset": arrival.offset,
                "disposition": disposition.value,
                "epoch": epoch,
            },
        )

    def committed(self, row: StudentRow, before: Known, writes: Sequence[Write]) -> None:
        """These writes have been committed for the student, of whom `before` was known."""
        now, known = self._clock.unix(), row.known
        for write in writes:
            match write:
                case BeginStep(provider, name):
                    self._ended.pop((row.key, provider, name), None)
                case EndStep(provider, name):
                    self._ended[row.key, provider, name] = now
                case TenantWaits(service):
                    self._tenant_wait(row, service)
                case Settle(version, Disposition.APPLIED):
                    self.applied[row.key] = max(version, self.applied.get(row.key, -1))
                case _:
                    pass
        for account in _changed(before.accounts, known.accounts):
            self._add("account", row.key, _account(account))
        for credential in _changed(before.credentials, known.credentials):
            about = {"provider": credential.provider.value, "generation": credential.generation}
            self._add("credential", row.key, {**about, "expires_at": _unix(credential.expires_at)})
        if any(isinstance(write, Defer | Settle) for write in writes):
            self._waits(row, before)
        for step in _changed(before.steps, known.steps):
            self._step(row, step)
        self.student(row)

    def put_aside(self, row: StudentRow) -> None:
        """A record of the student can't be read; the cause is gone with the student's next wait or settlement."""
        self._aside.add(row.key)
        now = self._clock.unix()
        cause = {"reason": Reason.UNREADABLE_RECORD.value, "code": "student.desired", "held": True}
        about = {
            "version": row.desired_version,
            "attempts": 1,
            "reported": False,
            "since": now,
            "until": _unix(row.due_at),
        }
        self._add("student_wait", row.key, {"provider": "", "step": "", **cause, **about})
        self.student(row)

    def _tenant_wait(self, row: StudentRow, service: str) -> None:
        wait = self._state.waits[row.key[0], service]
        cause = {"reason": wait.cause.reason.value, "code": wait.cause.code, "step": wait.cause.step.value}
        about = {"service": service, "until": _unix(wait.until), "held": wait.cause.held, **cause}
        self._add("tenant_wait", row.key, about)

    def _waits(self, row: StudentRow, before: Known) -> None:
        """All causes for which the student waits now; those that were known before are gone."""
        if row.key in self._aside:
            self._aside.discard(row.key)
            self._add("student_wait", row.key, {"provider": "", "step": "", "gone": True})
        for provider, name in sorted(before.waits.keys() - row.known.waits.keys()):
            self._add("student_wait", row.key, {"provider": provider.value, "step": name.value, "gone": True})
        for wait in row.known.waits.values():
            about = {
                "provider": wait.provider.value,
                "step": wait.step.value,
                "reason": wait.reason.value,
                "code": wait.code,
                "held": wait.held,
                "version": wait.version,
                "attempts": wait.attempts,
                "reported": wait.reported,
                "since": _unix(wait.since),
                "until": _unix(row.due_at),
            }
            self._add("student_wait", row.key, about)

    def _step(self, row: StudentRow, step: Step) -> None:
        at = (row.key, step.provider, step.name)
        self._add(
            "step",
            row.key,
            {
                "provider": step.provider.value,
                "name": step.name.value,
                "state": state_column(step.state),
                "version": step.version,
                "attempt": step.attempt,
                "request_hash": step.request_hash,
                "started_at": _unix(step.started_at),
                "deadline": _unix(step.deadline),
                "ended_at": self._ended.get(at),
                "reason": step.reason.value if step.reason else None,
                "lease_epoch": row.known.written_by.get(at[1:], row.epoch),
                "unsure": step.unsure,
            },
        )

    def _add(self, table: str, key: Key, about: Mapping[str, Any]) -> None:
        self._write(table, {"tenant_id": key[0], "student_id": key[1], **about})

    def _write(self, table: str, row: Mapping[str, Any]) -> None:
        self.changes.append(Change(len(self.changes) + 1, self._clock.unix(), table, row))


def _changed(before: Mapping[KeyT, ValueT], after: Mapping[KeyT, ValueT]) -> Sequence[ValueT]:
    """What was written; also where it is as it was."""
    return [value for key, value in after.items() if before.get(key) is not value]


def _student(row: StudentRow, applied: int) -> _Row:
    return {
        "desired_version": row.desired_version,
        "settled_version": row.settled_version,
        "applied_version": applied,
        "attempt": row.attempt,
        "due_at": _unix(row.due_at),
        "lease_epoch": row.epoch,
        "lease_until": _unix(row.lease_until),
        "claimed_version": row.claimed_version,
    }


def _account(account: Account) -> _Row:
    return {
        "provider": account.provider.value,
        "address": account.address,
        "marker": account.marker,
        "generation": account.generation,
        "object_id": account.object_id,
        "origin": account.origin.value if account.origin else None,
        "licences": list(account.licences),
        "groups": list(account.groups),
        "settled_version": account.announced_version,
        "state": account.state.value,
        "org_unit": account.org_unit,
        "delete_at": _unix(account.delete_at),
        "next_address": account.next_address,
        "notice_at": _unix(account.notice_at),
        "noticed_for": _unix(account.noticed_for),
        "incomplete": account.incomplete,
        "admin_units": list(account.admin_units),
    }


def _unix(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()
