"""The guard within a claim: which of the students that were just leased may be worked, decided and written down before they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog
from sqlalchemy import Connection, text

from consumer.events import ProviderAction
from consumer.ledger.port.guard import takes_away
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.policy.guard import GUARDED, GuardLimit, GuardState, Standing, admitted

log = structlog.get_logger()

_KNOWN = text(
    """
    SELECT g.tenant_id, g.student_id, g.state FROM guarded_action g
    JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:actions AS text[]), CAST(:versions AS bigint[]))
      AS asked(tenant_id, student_id, action, version) USING (tenant_id, student_id, action, version)
    """
)
# One claim at a time counts a tenant's actions of one kind. The lock ends with the transaction.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('guard/' || :tenant || '/' || :action, 0))")
_FORGET = text(
    """
    DELETE FROM guarded_action g USING student s
    WHERE g.tenant_id = :tenant AND g.action = :action AND (s.tenant_id, s.student_id) = (g.tenant_id, g.student_id)
      AND ((g.state = 'parked' AND s.desired_version > g.version)
        OR (g.state = 'counted' AND s.settled_version >= g.version AND g.at <= clock_timestamp() - :seconds * interval '1 second'))
    """
)
# What is not settled counts, however long ago it was claimed; what is, from then on (`statements.SETTLE`): so no more take effect within
# the limit's time than it says, whenever the calls are made.
_STANDING = text(
    """
    SELECT count(*) FILTER (WHERE state = 'counted') AS counted, count(*) FILTER (WHERE state = 'parked') AS parked
    FROM guarded_action WHERE tenant_id = :tenant AND action = :action AND state IN ('counted', 'parked')
    """
)
_ACCOUNTS = text("SELECT count(DISTINCT student_id) FROM account WHERE tenant_id = :tenant AND object_id IS NOT NULL")
_WRITE = text(
    """
    INSERT INTO guarded_action (tenant_id, student_id, action, version, state, at)
    SELECT :tenant, student_id, :action, version, state, clock_timestamp()
    FROM unnest(CAST(:students AS text[]), CAST(:versions AS bigint[]), CAST(:states AS text[])) AS new(student_id, version, state)
    """
)


def guarded(connection: Connection, jobs: Sequence[Job], room: Mapping[str, Room]) -> Sequence[Job]:
    """The same jobs, each with where its action stands. In the transaction of the claim, which holds the students' rows."""
    asked = [job for job in jobs if is_guarded(job, room)]
    if not asked:
        return jobs
    states = _known(connection, asked)
    new: defaultdict[tuple[str, ProviderAction], list[Job]] = defaultdict(list)
    for job in asked:
        if states.get(_key(job)) is None and not job.settled:
            if takes_away(job):
                new[job.lease.tenant_id, job.desired.action].append(job)
            else:
                states[_key(job)] = GuardState.FREE
    for (tenant, action), of in sorted(new.items()):
        states |= _counted(connection, tenant, action, of, room[tenant].guards[action])
    return [replace(job, guard=states.get(_key(job))) for job in jobs]


def is_guarded(job: Job, room: Mapping[str, Room]) -> bool:
    """Whether the guard has a say. What is settled is looked at once more, and never counted: it was carried out, or rejected."""
    action = job.desired.action
    return bool(job.desired.providers) and action in GUARDED and action in room[job.lease.tenant_id].guards


def _known(connection: Connection, jobs: Sequence[Job]) -> dict[tuple[str, str], GuardState]:
    values = {
        "tenants": [job.lease.tenant_id for job in jobs],
        "students": [job.lease.student_id for job in jobs],
        "actions": [job.desired.action for job in jobs],
        "versions": [job.desired.event.version for job in jobs],
    }
    return {(row.tenant_id, row.student_id): GuardState(row.state) for row in connection.execute(_KNOWN, values)}


def _counted(
    connection: Connection, tenant: str, action: ProviderAction, jobs: Sequence[Job], limit: GuardLimit
) -> Mapping[tuple[str, str], GuardState]:
    of = {"tenant": tenant, "action": action}
    connection.execute(_LOCK, of)
    connection.execute(_FORGET, of | {"seconds": limit.seconds})
    row = connection.execute(_STANDING, of).one()
    standing = Standing(row.counted, bool(row.parked), lambda: connection.execute(_ACCOUNTS, of).scalar_one())
    may = admitted(limit, standing, len(jobs))
    states = [GuardState.COUNTED] * may + [GuardState.PARKED] * (len(jobs) - may)
    values = {
        "students": [job.lease.student_id for job in jobs],
        "versions": [job.desired.event.version for job in jobs],
        "states": states,
    }
    connection.execute(_WRITE, of | values)
    if may < len(jobs) and not standing.parked:
        log.warning("guard_parked", tenant_id=tenant, action=action, counted=standing.counted + may)
    return dict(zip(map(_key, jobs), states, strict=True))


def _key(job: Job) -> tuple[str, str]:
    return job.lease.tenant_id, job.lease.student_id
