"""One statement for each kind of write about a leased student."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

from consumer.ledger.port import (
    BeginStep,
    Defer,
    DestroyCredential,
    EndStep,
    Lease,
    Publish,
    RefuseAddress,
    SaveAccount,
    SealCredential,
    Settle,
    StepState,
    TenantWaits,
    Verified,
    Write,
)

OUTBOX_CHANNEL = "provisioner_outbox"

Values = dict[str, Any]

_BEGIN = text(
    """
    INSERT INTO step AS known (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline,
                               lease_epoch)
    VALUES (:tenant, :student, :provider, :name, 'started', :version, 1, :hash, now(), now() + :timeout * interval '1 second',
            :epoch)
    ON CONFLICT (tenant_id, student_id, provider, name) DO UPDATE
      SET state = 'started', version = excluded.version, attempt = known.attempt + 1, request_hash = excluded.request_hash,
          started_at = now(), deadline = excluded.deadline, ended_at = NULL, reason = NULL, lease_epoch = excluded.lease_epoch,
          unsure = known.unsure OR known.state = 'unknown'
            OR (known.state = 'started' AND known.lease_epoch <> excluded.lease_epoch)
    """
)
_END = text(
    """
    UPDATE step SET state = :state, reason = :reason, ended_at = now(), lease_epoch = :epoch,
      unsure = unsure OR :unsure OR (state = 'started' AND lease_epoch <> :epoch)
    WHERE tenant_id = :tenant AND student_id = :student AND provider = :provider AND name = :name
    """
)
_VERIFIED = text(
    """
    UPDATE step SET unsure = false, lease_epoch = :epoch
    WHERE tenant_id = :tenant AND student_id = :student AND provider = :provider AND unsure
    """
)
_SAVE = text(
    """
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups,
                         settled_version)
    VALUES (:tenant, :student, :provider, :address, :marker, CAST(:body AS jsonb), :generation, :object_id, :origin,
            CAST(:licences AS text[]), CAST(:groups AS text[]), :settled)
    ON CONFLICT (tenant_id, student_id, provider) DO UPDATE
      SET address = excluded.address, marker = excluded.marker, body = excluded.body, generation = excluded.generation,
          object_id = excluded.object_id, origin = excluded.origin, licences = excluded.licences, groups = excluded.groups,
          settled_version = excluded.settled_version
    """
)
_REFUSE = text(
    """
    WITH refused AS (UPDATE address SET refused = true WHERE provider = :provider AND address = lower(:address))
    DELETE FROM account WHERE tenant_id = :tenant AND student_id = :student AND provider = :provider
    """
)
_SEAL = text(
    """
    INSERT INTO credential (tenant_id, student_id, provider, generation, sealed, expires_at)
    VALUES (:tenant, :student, :provider, :generation, :sealed, now() + :lifetime * interval '1 second')
    ON CONFLICT (tenant_id, student_id, provider, generation) DO UPDATE
      SET sealed = excluded.sealed, expires_at = excluded.expires_at WHERE credential.expires_at <= now()
    """
)
_DESTROY = text("DELETE FROM credential WHERE tenant_id = :tenant AND student_id = :student AND provider = :provider")
_PUBLISH = text(
    """
    INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
    VALUES (:event_id, :topic, :key, :value, CAST(:headers AS jsonb), now()) ON CONFLICT (event_id) DO NOTHING
    """
)
_WAIT = text(
    """
    INSERT INTO tenant_wait AS known (tenant_id, service, until) VALUES (:tenant, :service, now() + :seconds * interval '1 second')
    ON CONFLICT (tenant_id, service) DO UPDATE SET until = greatest(known.until, excluded.until)
    """
)
_DEFER = text(
    """
    UPDATE student SET lease_until = NULL, lease_owner = NULL,
      due_at = CASE WHEN desired_version > claimed_version THEN now() ELSE now() + :seconds * interval '1 second' END
    WHERE tenant_id = :tenant AND student_id = :student
    """
)
_SETTLE = text(
    """
    WITH settled AS (
      UPDATE inbox SET disposition = CASE WHEN version = :version THEN :disposition ELSE 'superseded' END, settled_at = now()
      WHERE tenant_id = :tenant AND student_id = :student AND version <= :version AND disposition = 'pending'
    )
    UPDATE student SET lease_until = NULL, lease_owner = NULL, attempt = 0,
      settled_version = greatest(settled_version, :version),
      applied_version = CASE WHEN :disposition = 'applied' THEN greatest(applied_version, :version) ELSE applied_version END,
      due_at = CASE
        WHEN desired_version > :version THEN now()
        WHEN EXISTS (SELECT FROM step WHERE tenant_id = :tenant AND student_id = :student AND unsure)
          THEN now() + :verify_in * interval '1 second'
      END
    WHERE tenant_id = :tenant AND student_id = :student
    """
)


def _begin(write: BeginStep) -> Values:
    return {"name": write.name, "version": write.version, "hash": write.request_hash, "timeout": write.timeout}


def _end(write: EndStep) -> Values:
    unsure = write.unsure or write.state is StepState.UNKNOWN
    return {"name": write.name, "state": write.state, "reason": write.reason, "unsure": unsure}


def _save(write: SaveAccount) -> Values:
    account = write.account
    return {
        "provider": account.provider,
        "address": account.address,
        "marker": account.marker,
        "body": json.dumps(dict(account.body)),
        "generation": account.generation,
        "object_id": account.object_id,
        "origin": account.origin,
        "licences": list(account.licences),
        "groups": list(account.groups),
        "settled": account.settled_version,
    }


def _seal(write: SealCredential) -> Values:
    return {"generation": write.generation, "sealed": write.sealed, "lifetime": write.lifetime}


def _settle(write: Settle) -> Values:
    return {"version": write.version, "disposition": write.disposition, "verify_in": write.verify_in}


def _publish(write: Publish) -> Values:
    headers = json.dumps([[name, value.decode()] for name, value in write.headers])
    return {
        "event_id": write.event_id,
        "topic": write.topic,
        "key": write.key,
        "value": write.value,
        "headers": headers,
    }


_Kind = tuple[type[Any], TextClause, Callable[[Any], Values]]

_KINDS: Sequence[_Kind] = (
    (BeginStep, _BEGIN, _begin),
    (EndStep, _END, _end),
    (Verified, _VERIFIED, lambda _: {}),
    (SaveAccount, _SAVE, _save),
    (RefuseAddress, _REFUSE, lambda write: {"address": write.address}),
    (SealCredential, _SEAL, _seal),
    (DestroyCredential, _DESTROY, lambda _: {}),
    (Publish, _PUBLISH, _publish),
    (TenantWaits, _WAIT, lambda write: {"service": write.service, "seconds": write.seconds}),
    (Defer, _DEFER, lambda write: {"seconds": write.seconds}),
    (Settle, _SETTLE, _settle),
)
"""In the order in which they are written: a step begins before it ends and ends before it is verified, a lease ends last."""


def write_all(connection: Connection, writes: Sequence[tuple[Lease, Write]]) -> None:
    """Writes them all, kind by kind; those of a kind in the order given."""
    by_kind: Mapping[type[Any], list[Values]] = defaultdict(list)
    for lease, write in writes:
        by_kind[type(write)].append(_about(lease, write))
    for kind, statement, values in _KINDS:
        rows = [about | values(about.pop("write")) for about in by_kind.get(kind, ())]
        if rows:
            connection.execute(statement, rows)
    if by_kind.get(Publish):
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": OUTBOX_CHANNEL})


def _about(lease: Lease, write: Write) -> Values:
    return {
        "tenant": lease.tenant_id,
        "student": lease.student_id,
        "epoch": lease.epoch,
        "provider": getattr(write, "provider", None),
        "write": write,
    }
