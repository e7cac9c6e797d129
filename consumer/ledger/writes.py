"""Writes about leased students: which statement each kind has, its parameters, and what several about the same row come to."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause

from consumer.errors import Reason
from consumer.ledger import statements
from consumer.ledger.port.student import Lease, StepState
from consumer.ledger.port.writes import (
    BeginStep,
    Defer,
    DestroyCredential,
    EndStep,
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
from consumer.ledger.renamed import state_column

Row = dict[str, Any]
"""A write as JSON holds it."""


def _begin(write: BeginStep) -> Row:
    return {
        "name": write.name,
        "version": write.version,
        "attempts": 1,
        "request_hash": _hex(write.request_hash),
        "timeout": write.timeout,
    }


def _end(write: EndStep) -> Row:
    unknown = write.state is StepState.UNKNOWN
    return {
        "name": write.name,
        "state": state_column(write.state),
        "ended": write.state,
        "reason": write.reason,
        "code": write.code,
        "request_id": write.request_id,
        "unsure": write.unsure or unknown,
        "lost": unknown and write.reason is Reason.OUTCOME_UNKNOWN,
    }


def _save(write: SaveAccount) -> Row:
    account = write.account
    return {
        "provider": account.provider,
        "address": account.address,
        "marker": account.marker,
        "body": dict(account.body),
        "generation": account.generation,
        "object_id": account.object_id,
        "origin": account.origin,
        "licences": account.licences,
        "groups": account.groups,
        "settled_version": account.announced_version,
        "state": account.state,
        "org_unit": account.org_unit,
        "licences_in_doubt": account.licences_in_doubt,
        "groups_in_doubt": account.groups_in_doubt,
        "revisit": account.revisit,
        "delete_at": account.delete_at and account.delete_at.isoformat(),
        "next_address": account.next_address,
        "notice_at": account.notice_at and account.notice_at.isoformat(),
        "noticed_for": account.noticed_for and account.noticed_for.isoformat(),
        "incomplete": account.incomplete,
        "admin_units": account.admin_units,
        "admin_units_in_doubt": account.admin_units_in_doubt,
    }


def _seal(write: SealCredential) -> Row:
    return {"generation": write.generation, "sealed": _hex(write.sealed), "lifetime": write.lifetime}


def _wait(write: TenantWaits) -> Row:
    return {
        "service": write.service,
        "seconds": write.seconds,
        "held": write.held,
        "reason": write.reason,
        "code": write.code,
        "step": write.step,
    }


def _defer(write: Defer) -> Row:
    waits = [
        {
            "provider": wait.provider,
            "step": wait.step,
            "reason": wait.reason,
            "code": wait.code,
            "held": wait.held,
            "reported": wait.reported,
        }
        for wait in write.waits
    ]
    return {"seconds": write.seconds, "waits": waits}


def _settle(write: Settle) -> Row:
    return {"version": write.version, "disposition": write.disposition, "verify_in": write.verify_in}


def _publish(write: Publish) -> Row:
    return {
        "event_id": str(write.event_id),
        "topic": write.topic,
        "key": _hex(write.key),
        "value": _hex(write.value),
        "headers": [[name, value.decode()] for name, value in write.headers],
    }


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"


def _last(_before: Row, row: Row) -> Row:
    return row


def _first(before: Row, _row: Row) -> Row:
    return before


def _begun_again(before: Row, row: Row) -> Row:
    return row | {"attempts": before["attempts"] + row["attempts"]}


def _ended_again(before: Row, row: Row) -> Row:
    return row | {"unsure": before["unsure"] or row["unsure"], "lost": before["lost"] or row["lost"]}


def _longer(before: Row, row: Row) -> Row:
    return max(before, row, key=lambda wait: wait["seconds"])


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of write. `key` names the row that it is about; `merge` makes of two about the same row the one that has their effect."""

    of: type[Any]
    statement: TextClause
    row: Callable[[Any], Row]
    key: tuple[str, ...]
    merge: Callable[[Row, Row], Row] = _last


_STUDENT = ("tenant_id", "student_id")
_ACCOUNT = (*_STUDENT, "provider")
_STEP = (*_ACCOUNT, "name")

_KINDS = (
    _Kind(BeginStep, statements.BEGIN, _begin, _STEP, _begun_again),
    _Kind(EndStep, statements.END, _end, _STEP, _ended_again),
    _Kind(Verified, statements.VERIFIED, lambda _: {}, _ACCOUNT),
    _Kind(SaveAccount, statements.SAVE, _save, _ACCOUNT),
    _Kind(RefuseAddress, statements.REFUSE, lambda write: {"address": write.address}, (*_ACCOUNT, "address")),
    _Kind(ReleaseAddress, statements.RELEASE, lambda write: {"address": write.address}, (*_ACCOUNT, "address")),
    _Kind(RetireAddress, statements.RETIRE, lambda write: {"address": write.address}, (*_ACCOUNT, "address")),
    _Kind(SealCredential, statements.SEAL, _seal, (*_ACCOUNT, "generation"), _first),
    _Kind(DestroyCredential, statements.DESTROY, lambda _: {}, _ACCOUNT),
    _Kind(Publish, statements.PUBLISH, _publish, ("event_id",), _first),
    _Kind(TenantWaits, statements.WAIT, _wait, ("tenant_id", "service"), _longer),
    _Kind(Defer, statements.DEFER, _defer, _STUDENT),
    _Kind(Settle, statements.SETTLE, _settle, _STUDENT),
)
"""In the order in which they are written: a step begins before it ends and ends before it is verified, a lease ends last."""


def write_all(connection: Connection, writes: Sequence[tuple[Lease, Write]]) -> None:
    """Writes them all, kind by kind; several of a kind about the same row as if one after the other, in the order given."""
    for kind in _KINDS:
        if rows := _rows(kind, writes):
            connection.execute(kind.statement, {"rows": json.dumps(rows)})


def _rows(kind: _Kind, writes: Sequence[tuple[Lease, Write]]) -> Sequence[Row]:
    rows: dict[tuple[Any, ...], Row] = {}
    for lease, write in writes:
        if isinstance(write, kind.of):
            row = _about(lease, write) | kind.row(write)
            key = tuple(row[name] for name in kind.key)
            rows[key] = kind.merge(rows[key], row) if key in rows else row
    return list(rows.values())


def _about(lease: Lease, write: Write) -> Row:
    return {
        "tenant_id": lease.tenant_id,
        "student_id": lease.student_id,
        "epoch": lease.epoch,
        "provider": getattr(write, "provider", None),
    }
