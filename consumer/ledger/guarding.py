"""The guard within a claim: which of the students that were just leased may be worked, decided and written down before they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import structlog
from sqlalchemy import Connection, text

from consumer.ledger.port.guard import Asked, GuardedKey, all_asked, with_states
from consumer.ledger.port.student import Job
from consumer.ledger.port.work import Room
from consumer.policy.guard import Guarded, GuardLimit, GuardState, Standing, decided

log = structlog.get_logger()

_KNOWN = text(
    """
    SELECT g.tenant_id, g.student_id, g.action, g.version, g.state FROM guarded_action g
    JOIN unnest(CAST(:tenants AS text[]), CAST(:students AS text[]), CAST(:kinds AS text[]), CAST(:versions AS bigint[]))
      AS asked(tenant_id, student_id, action, version) USING (tenant_id, student_id, action, version)
    """
)
# One claim at a time counts a tenant's of one kind. The lock ends with the transaction.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('guard/' || :tenant || '/' || :action, 0))")
_FORGET = text(
    """
    DELETE FROM guarded_action g USING student s
    WHERE g.tenant_id = :tenant AND g.action = :action AND (s.tenant_id, s.student_id) = (g.tenant_id, g.student_id)
      AND ((g.state = 'parked' AND s.desired_version > g.version)
        OR (g.state = 'counted' AND s.settled_version >= g.version AND g.at <= clock_timestamp() - :seconds * interval '1 second'))
    """
)
_AGAIN = text(
    """
    UPDATE guarded_action g SET at = clock_timestamp()
    FROM unnest(CAST(:students AS text[]), CAST(:versions AS bigint[])) AS again(student_id, version)
    WHERE g.tenant_id = :tenant AND g.action = :action AND g.state = 'counted'
      AND (g.student_id, g.version) = (again.student_id, again.version)
    RETURNING g.student_id, g.version
    """
)
# What is not settled counts, however long ago it was claimed; what is, from then on (`statements.SETTLE`): so no more take effect within
# the limit's time than it says, whenever the calls are made.
_STANDING = text(
    """
    SELECT count(DISTINCT student_id) FILTER (WHERE state = 'counted') AS counted, count(*) FILTER (WHERE state = 'parked') AS parked,
           array_agg(DISTINCT student_id) FILTER (WHERE state = 'counted' AND student_id = ANY(CAST(:students AS text[]))) AS already
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
    """The same jobs, each with where it stands. In the transaction of the claim, which holds the students' rows."""
    asked = list(all_asked(jobs, {tenant: of.guards for tenant, of in room.items()}))
    if not asked:
        return jobs
    states = _known(connection, [one for one in asked if one.is_looked_up])
    new: defaultdict[tuple[str, Guarded], list[Asked]] = defaultdict(list)
    for one in asked:
        if (one.key not in states and one.is_counted) or one.is_counted_again(states.get(one.key)):
            new[one.job.lease.tenant_id, one.kind].append(one)
    for (tenant, kind), of in sorted(new.items()):
        states |= _counted(connection, tenant, kind, of, room[tenant].guards.limits[kind])
    return with_states(jobs, asked, states)


def _known(connection: Connection, asked: Sequence[Asked]) -> dict[GuardedKey, GuardState]:
    if not asked:
        return {}
    tenants, students, kinds, versions = zip(*(one.key for one in asked), strict=True)
    values = {"tenants": [*tenants], "students": [*students], "kinds": [*kinds], "versions": [*versions]}
    return {
        (row.tenant_id, row.student_id, Guarded(row.action), row.version): GuardState(row.state)
        for row in connection.execute(_KNOWN, values)
    }


def _counted(
    connection: Connection, tenant: str, kind: Guarded, asked: Sequence[Asked], limit: GuardLimit
) -> Mapping[GuardedKey, GuardState]:
    of = {"tenant": tenant, "action": kind}
    connection.execute(_LOCK, of)
    again = _counted_again(connection, of, [one for one in asked if one.job.settled])
    new = [one for one in asked if one.key not in again]
    if not new:
        return again
    connection.execute(_FORGET, of | {"seconds": limit.seconds})
    row = connection.execute(_STANDING, of | {"students": [one.key[1] for one in new]}).one()
    standing = Standing(row.counted, bool(row.parked), lambda: connection.execute(_ACCOUNTS, of).scalar_one())
    states = decided(limit, standing, [one.key[1] in (row.already or ()) for one in new])
    connection.execute(_WRITE, {**of, **_students(new), "states": states})
    if GuardState.PARKED in states and not standing.parked:
        log.warning("guard_parked", tenant_id=tenant, action=kind, counted=standing.counted)
    return {**again, **dict(zip((one.key for one in new), states, strict=True))}


def _counted_again(
    connection: Connection, of: Mapping[str, str], asked: Sequence[Asked]
) -> Mapping[GuardedKey, GuardState]:
    """From now on, those that are still counted. Under the lock: no one forgets them meanwhile."""
    if not asked:
        return {}
    rows = connection.execute(_AGAIN, {**of, **_students(asked)}).all()
    still = {(row.student_id, row.version) for row in rows}
    return {one.key: GuardState.COUNTED for one in asked if (one.key[1], one.key[3]) in still}


def _students(asked: Sequence[Asked]) -> Mapping[str, Sequence[str] | Sequence[int]]:
    return {"students": [one.key[1] for one in asked], "versions": [one.key[3] for one in asked]}
