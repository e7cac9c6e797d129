"""One statement for each kind of write about leased students, however many of them: `rows` is a JSON list of objects.

One document, not an array for each column: psycopg would escape every quotation mark in arrays of texts one by one, and PostgreSQL has no
arrays of arrays of different lengths. No two objects of a list are about the same row; `writes` sees to that.
"""

from sqlalchemy import text

BEGIN = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, epoch bigint, provider text,
                                                                    name text, version bigint, attempts int, request_hash bytea,
                                                                    timeout float8)
    ), abandoned AS (
      INSERT INTO attempt (tenant_id, student_id, provider, step, number, state, version, started_at, ended_at, reason, replica)
      SELECT tenant_id, student_id, provider, name, known.attempt, 'unknown', known.version, known.started_at, known.deadline,
             'outcome_unknown', known.replica
      FROM new JOIN step known USING (tenant_id, student_id, provider, name)
      WHERE known.state = 'started' AND known.lease_epoch <> new.epoch
      ON CONFLICT DO NOTHING
    )
    INSERT INTO step AS known (tenant_id, student_id, provider, name, state, version, attempt, request_hash, started_at, deadline,
                               lease_epoch, replica)
    SELECT tenant_id, student_id, provider, name, 'started', version, attempts, request_hash, now(),
           now() + timeout * interval '1 second', epoch, lease_owner
    FROM new JOIN student USING (tenant_id, student_id)
    ON CONFLICT (tenant_id, student_id, provider, name) DO UPDATE
      SET state = 'started', version = excluded.version, attempt = known.attempt + excluded.attempt,
          request_hash = excluded.request_hash, started_at = now(), deadline = excluded.deadline, ended_at = NULL, reason = NULL,
          lease_epoch = excluded.lease_epoch, replica = excluded.replica,
          unsure = known.unsure OR known.state = 'unknown'
            OR (known.state = 'started' AND known.lease_epoch <> excluded.lease_epoch),
          lost_at = CASE WHEN known.state = 'started' AND known.lease_epoch <> excluded.lease_epoch
            THEN greatest(known.lost_at, known.deadline) ELSE known.lost_at END
    """
)
END = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, epoch bigint, provider text,
                                                                    name text, state text, ended text, reason text, code text,
                                                                    request_id text, unsure boolean, lost boolean)
    ), known AS (
      UPDATE step SET state = new.state, reason = new.reason, ended_at = now(), lease_epoch = new.epoch,
        unsure = step.unsure OR new.unsure OR (step.state = 'started' AND step.lease_epoch <> new.epoch),
        lost_at = CASE WHEN new.lost THEN now() WHEN step.state = 'started' AND step.lease_epoch <> new.epoch
          THEN greatest(step.lost_at, step.deadline) ELSE step.lost_at END
      FROM new
      WHERE step.tenant_id = new.tenant_id AND step.student_id = new.student_id AND step.provider = new.provider
        AND step.name = new.name
      RETURNING step.tenant_id, step.student_id, step.provider, step.name, step.attempt, new.ended, step.version, step.started_at,
        new.reason, new.code, new.request_id, step.replica
    )
    INSERT INTO attempt (tenant_id, student_id, provider, step, number, state, version, started_at, ended_at, reason, code,
                         request_id, replica)
    SELECT tenant_id, student_id, provider, name, attempt, ended, version, started_at, now(), reason, code, request_id, replica
    FROM known
    ON CONFLICT DO NOTHING
    """
)
VERIFIED = text(
    """
    UPDATE step SET unsure = false, lost_at = CASE WHEN state = 'unknown' THEN lost_at END, lease_epoch = new.epoch
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(tenant_id text, student_id text, epoch bigint, provider text)
    WHERE step.tenant_id = new.tenant_id AND step.student_id = new.student_id AND step.provider = new.provider AND step.unsure
    """
)
SAVE = text(
    """
    INSERT INTO account (tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups,
                         settled_version, state, org_unit, licences_in_doubt, groups_in_doubt, revisit, delete_at,
                         next_address, notice_at, noticed_for, incomplete, admin_units, admin_units_in_doubt)
    SELECT tenant_id, student_id, provider, address, marker, body, generation, object_id, origin, licences, groups, settled_version,
           state, org_unit, licences_in_doubt, groups_in_doubt, revisit, delete_at, next_address, notice_at, noticed_for,
           incomplete, admin_units, admin_units_in_doubt
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(tenant_id text, student_id text, provider text, address text, marker text,
                                                         body jsonb, generation int, object_id text, origin text, licences text[],
                                                         groups text[], settled_version bigint, state text, org_unit text,
                                                         licences_in_doubt text[], groups_in_doubt text[], revisit boolean,
                                                         delete_at timestamptz, next_address text, notice_at timestamptz,
                                                         noticed_for timestamptz, incomplete boolean,
                                                         admin_units text[], admin_units_in_doubt text[])
    ON CONFLICT (tenant_id, student_id, provider) DO UPDATE
      SET address = excluded.address, marker = excluded.marker, body = excluded.body, generation = excluded.generation,
          object_id = excluded.object_id, origin = excluded.origin, licences = excluded.licences, groups = excluded.groups,
          settled_version = excluded.settled_version, state = excluded.state, org_unit = excluded.org_unit,
          licences_in_doubt = excluded.licences_in_doubt, groups_in_doubt = excluded.groups_in_doubt, revisit = excluded.revisit,
          delete_at = excluded.delete_at, next_address = excluded.next_address, notice_at = excluded.notice_at,
          noticed_for = excluded.noticed_for, incomplete = excluded.incomplete, admin_units = excluded.admin_units,
          admin_units_in_doubt = excluded.admin_units_in_doubt
    """
)
REFUSE = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, provider text, address text)
    ), refused AS (
      UPDATE address SET refused = true FROM new WHERE address.provider = new.provider AND address.address = lower(new.address)
    ), stays AS (
      UPDATE account SET next_address = NULL FROM new
      WHERE account.tenant_id = new.tenant_id AND account.student_id = new.student_id AND account.provider = new.provider
        AND lower(account.next_address) = lower(new.address)
    )
    DELETE FROM account USING new
    WHERE account.tenant_id = new.tenant_id AND account.student_id = new.student_id AND account.provider = new.provider
      AND lower(account.address) = lower(new.address)
    """
)
RELEASE = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, provider text, address text)
    ), released AS (
      DELETE FROM address USING new WHERE address.provider = new.provider AND address.address = lower(new.address)
        AND address.tenant_id = new.tenant_id AND address.student_id = new.student_id AND NOT address.refused
    ), stays AS (
      UPDATE account SET next_address = NULL FROM new
      WHERE account.tenant_id = new.tenant_id AND account.student_id = new.student_id AND account.provider = new.provider
        AND lower(account.next_address) = lower(new.address)
    )
    DELETE FROM account USING new
    WHERE account.tenant_id = new.tenant_id AND account.student_id = new.student_id AND account.provider = new.provider
      AND lower(account.address) = lower(new.address)
    """
)
RETIRE = text(
    """
    INSERT INTO address (provider, address, tenant_id, student_id, retired_at)
    SELECT provider, lower(address), tenant_id, student_id, now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(tenant_id text, student_id text, provider text, address text)
    ORDER BY provider, lower(address)
    ON CONFLICT (provider, address) DO UPDATE SET retired_at = excluded.retired_at
      WHERE address.tenant_id = excluded.tenant_id AND address.student_id = excluded.student_id
        AND NOT address.refused AND address.retired_at IS NULL
    """
)
SEAL = text(
    """
    INSERT INTO credential (tenant_id, student_id, provider, generation, sealed, expires_at)
    SELECT tenant_id, student_id, provider, generation, sealed, now() + lifetime * interval '1 second'
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(tenant_id text, student_id text, provider text, generation int,
                                                         sealed bytea, lifetime float8)
    ON CONFLICT (tenant_id, student_id, provider, generation) DO UPDATE
      SET sealed = excluded.sealed, expires_at = excluded.expires_at WHERE credential.expires_at <= now()
    """
)
DESTROY = text(
    """
    DELETE FROM credential
    USING jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(tenant_id text, student_id text, provider text)
    WHERE credential.tenant_id = new.tenant_id AND credential.student_id = new.student_id AND credential.provider = new.provider
    """
)
PUBLISH = text(
    """
    INSERT INTO outbox (event_id, topic, key, value, headers, created_at)
    SELECT event_id, topic, key, value, headers, now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(event_id uuid, topic text, key bytea, value bytea, headers jsonb)
    ON CONFLICT (event_id) DO NOTHING
    """
)
# In the order of the key: replicas that write the same tenants' waits do not wait for one another in a circle.
WAIT = text(
    """
    INSERT INTO tenant_wait AS known (tenant_id, service, until, held, reason, code, step, since)
    SELECT tenant_id, service, now() + seconds * interval '1 second', held, reason, code, step, now()
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(tenant_id text, service text, seconds float8, held boolean, reason text,
                                                         code text, step text)
    ORDER BY tenant_id, service
    ON CONFLICT (tenant_id, service) DO UPDATE
      SET until = excluded.until, held = excluded.held, reason = excluded.reason, code = excluded.code, step = excluded.step,
          since = CASE WHEN known.reason = excluded.reason THEN known.since ELSE excluded.since END
      WHERE known.until < excluded.until
    """
)
DEFER = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, seconds float8, waits jsonb)
    ), cause AS (
      SELECT new.tenant_id, new.student_id, new.seconds, why.*
      FROM new, jsonb_to_recordset(new.waits) AS why(provider text, step text, reason text, code text, held boolean, reported boolean)
    ), over AS (
      DELETE FROM student_wait AS known USING new
      WHERE known.tenant_id = new.tenant_id AND known.student_id = new.student_id
        AND NOT EXISTS (SELECT FROM cause WHERE (cause.tenant_id, cause.student_id, cause.provider, cause.step)
                                              = (known.tenant_id, known.student_id, known.provider, known.step))
    ), waits AS (
      INSERT INTO student_wait AS known (tenant_id, student_id, provider, step, reason, code, held, version, attempts, reported, since,
                                         until)
      SELECT cause.tenant_id, cause.student_id, cause.provider, cause.step, cause.reason, cause.code, cause.held, claimed.claimed_version,
             1, cause.reported, now(), now() + cause.seconds * interval '1 second'
      FROM cause JOIN student claimed USING (tenant_id, student_id)
      ON CONFLICT (tenant_id, student_id, provider, step) DO UPDATE
        SET reason = excluded.reason, code = excluded.code, held = excluded.held, version = excluded.version,
            attempts = CASE WHEN known.version = excluded.version AND known.reason = excluded.reason THEN known.attempts + 1 ELSE 1 END,
            since = CASE WHEN known.version = excluded.version THEN known.since ELSE excluded.since END,
            reported = excluded.reported, until = excluded.until
    )
    UPDATE student SET lease_until = NULL, lease_owner = NULL,
      due_at = CASE WHEN desired_version > claimed_version THEN now() ELSE now() + new.seconds * interval '1 second' END
    FROM new WHERE student.tenant_id = new.tenant_id AND student.student_id = new.student_id
    """
)
SETTLE = text(
    """
    WITH new AS (
      SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row(tenant_id text, student_id text, version bigint, disposition text,
                                                                    verify_in float8)
    ), settled AS (
      UPDATE inbox SET disposition = CASE WHEN inbox.version = new.version THEN new.disposition ELSE 'superseded' END,
        settled_at = now()
      FROM new
      WHERE inbox.tenant_id = new.tenant_id AND inbox.student_id = new.student_id AND inbox.version <= new.version
        AND inbox.disposition = 'pending'
    ), counted AS (
      UPDATE guarded_action g SET at = clock_timestamp() FROM new JOIN student s USING (tenant_id, student_id)
      WHERE g.tenant_id = new.tenant_id AND g.student_id = new.student_id AND g.state = 'counted'
        AND g.version > s.settled_version AND g.version <= new.version
    ), moot AS (
      DELETE FROM guarded_action g USING new JOIN student s USING (tenant_id, student_id)
      WHERE g.tenant_id = new.tenant_id AND g.student_id = new.student_id AND g.state = 'parked'
        AND g.version <= new.version AND g.version = s.desired_version
    ), over AS (
      DELETE FROM student_wait USING new
      WHERE student_wait.tenant_id = new.tenant_id AND student_wait.student_id = new.student_id
    )
    UPDATE student SET lease_until = NULL, lease_owner = NULL, attempt = 0,
      settled_version = greatest(settled_version, new.version),
      applied_version = CASE WHEN new.disposition = 'applied' THEN greatest(applied_version, new.version) ELSE applied_version END,
      work_class = CASE WHEN desired_version > new.version THEN work_class ELSE 1 END,
      due_at = CASE WHEN desired_version > new.version THEN now() ELSE least(
        CASE WHEN EXISTS (SELECT FROM step WHERE step.tenant_id = new.tenant_id AND step.student_id = new.student_id AND step.unsure)
          THEN now() + new.verify_in * interval '1 second' END,
        (SELECT min(least(account.notice_at, account.delete_at)) FROM account
         WHERE account.tenant_id = new.tenant_id AND account.student_id = new.student_id AND account.delete_at IS NOT NULL)
      ) END
    FROM new WHERE student.tenant_id = new.tenant_id AND student.student_id = new.student_id
    """
)
