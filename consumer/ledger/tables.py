"""Every table, with why it is there. `migrations/` makes them; a test holds the two together. One module, however long: one schema.

Personal data is in `student` (the newest event), `account` (the create call's body), `address` and `outbox` (sign-in addresses, until
retention deletes what was published), `parked_record` (whole records, until their tenant is known or they are dead letters), and in no
other table; none holds a secret in the clear. Versions, epochs and offsets are Kafka's or ours and only rise.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

_TIME = DateTime(timezone=True)

# Tables whose rows go are vacuumed early; pages of those that are updated over and over keep room for new row versions (HOT updates).
_PRUNED = {"autovacuum_vacuum_scale_factor": 0.02}
_BUSY = {"fillfactor": 70, **_PRUNED}


def _student_key() -> tuple[Column[str], Column[str]]:
    """What a row about a student begins with."""
    return Column("tenant_id", Text, primary_key=True), Column("student_id", Text, primary_key=True)


partition_epoch = Table(
    "partition_epoch",  # who may write what was read from a partition
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("taken_at", _TIME, nullable=False),
    Column("next_offset", BigInteger),
)

inbox = Table(
    "inbox",  # events that were accepted, each with one final disposition
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("student_id", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("kafka_offset", BigInteger, nullable=False),
    Column("occurred_at", _TIME, nullable=False),
    Column("received_at", _TIME, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("settled_at", _TIME),
)
# By which retention finds what is old.
Index("inbox_settled", inbox.c.settled_at, postgresql_where=text("settled_at IS NOT NULL"))
# Settling looks for a student's open events, and people for all of them: a student has few.
Index("inbox_student", inbox.c.tenant_id, inbox.c.student_id)
# By which people find what failed for good. An event that is settled changes `inbox_settled` anyhow.
Index(
    "inbox_failed",
    inbox.c.tenant_id,
    inbox.c.settled_at,
    inbox.c.student_id,
    postgresql_where=text("disposition = 'failed'"),
)

parked_record = Table(
    "parked_record",  # records of tenants that are not configured; `headers` are JSON, with values in base64
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("kafka_offset", BigInteger, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("key", LargeBinary),
    Column("value", LargeBinary, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("parked_at", _TIME, nullable=False),
    Column(
        "expired", Boolean, nullable=False, server_default=text("false")
    ),  # it becomes a dead letter, whatever comes
)

student = Table(
    "student",  # the newest event that acts, and whose work it is
    metadata,
    *_student_key(),
    Column("desired_version", BigInteger, nullable=False),
    Column("desired", JSONB, nullable=False),
    Column("accepted_at", _TIME, nullable=False),
    Column("settled_version", BigInteger, nullable=False, server_default="-1"),
    Column("applied_version", BigInteger, nullable=False, server_default="-1"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("due_at", _TIME),
    Column("lease_epoch", BigInteger, nullable=False, server_default="0"),
    Column("lease_until", _TIME),
    Column("lease_owner", Text),
    Column("lease_writes", Integer, nullable=False, server_default="0"),  # commits under the lease: `Lease.written`
    Column("claimed_version", BigInteger),
    Column("work_class", SmallInteger, nullable=False, server_default="1"),  # see `consumer.policy.work_class`
)
# Claims go by tenant and class, those due longest first; students with nothing to do are not in it. NULL leases are not indexed, so that
# extending a lease stays a HOT update.
Index(
    "student_due_by_class",
    student.c.tenant_id,
    student.c.work_class,
    student.c.due_at,
    postgresql_where=text("due_at IS NOT NULL"),
)
# By which a tenant's first is found, whatever its class; and claims of replicas that do not know classes.
Index("student_due", student.c.tenant_id, student.c.due_at, postgresql_where=text("due_at IS NOT NULL"))

# By which a replica finds who has become due since it last looked, however many wait.
Index(
    "student_became_due",
    student.c.due_at,
    postgresql_include=["tenant_id"],
    postgresql_where=text("due_at IS NOT NULL"),
)

# A skipped event cancels work only where there is some: these are few among many students.
Index(
    "student_open",
    student.c.tenant_id,
    student.c.student_id,
    postgresql_where=text("desired_version > settled_version"),
)

guarded_action = Table(
    "guarded_action",  # actions that take something away: counted by the guard, or parked until a person has decided
    metadata,
    *_student_key(),
    Column("action", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("number", BigInteger, Identity(always=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("at", _TIME, nullable=False),  # when it was parked; or counted, and then settled
    Column("decided_at", _TIME),
    Column("decided_by", Text),
    Column("comment", Text),
    postgresql_with={**_PRUNED},
)
for _state in ("counted", "parked"):
    Index(
        f"guarded_action_{_state}",
        guarded_action.c.tenant_id,
        guarded_action.c.action,
        guarded_action.c.number,
        postgresql_where=text(f"state = '{_state}'"),
    )

student_wait = Table(
    "student_wait",  # why a student waits, by provider and step; both are empty where the row itself cannot be read
    metadata,
    *_student_key(),
    Column("provider", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("code", Text),
    Column("held", Boolean, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reported", Boolean, nullable=False),
    Column("since", _TIME, nullable=False),
    Column("until", _TIME, nullable=False),
)
# By which those who wait for a person are counted, among all who wait.
Index(
    "student_wait_held",
    student_wait.c.tenant_id,
    student_wait.c.reason,
    student_wait.c.student_id,
    postgresql_include=["since"],
    postgresql_where=text("held"),
)

address = Table(
    "address",  # who holds which address at a provider; a refused one is another account's, permanently
    metadata,
    Column("provider", Text, primary_key=True),
    Column("address", Text, primary_key=True),
    Column("tenant_id", Text, nullable=False),
    Column("student_id", Text, nullable=False),
    Column("refused", Boolean, nullable=False, server_default=text("false")),
    Column("retired_at", _TIME),  # since when it is a former address of the student's account
)
Index("address_of_student", address.c.tenant_id, address.c.student_id)
# By which retention finds, tenant by tenant, what was retired long ago.
Index("address_retired", address.c.tenant_id, address.c.retired_at, postgresql_where=text("retired_at IS NOT NULL"))

account = Table(
    "account",  # what is known of a student's account at a provider
    metadata,
    *_student_key(),
    Column("provider", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("marker", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("object_id", Text),
    Column("origin", Text),
    Column("licences", ARRAY(Text), nullable=False),
    Column("groups", ARRAY(Text), nullable=False),
    Column(
        "settled_version", BigInteger, nullable=False
    ),  # the version that was announced: `Account.announced_version`
    Column("state", Text, nullable=False, server_default="active"),
    Column("org_unit", Text),
    Column("licences_in_doubt", ARRAY(Text), nullable=False, server_default="{}"),
    Column("groups_in_doubt", ARRAY(Text), nullable=False, server_default="{}"),
    Column("revisit", Boolean, nullable=False, server_default=text("false")),
    Column("delete_at", _TIME),
    Column("next_address", Text),
    Column("notice_at", _TIME),
    Column("noticed_for", _TIME),
    Column("incomplete", Boolean, nullable=False, server_default=text("false")),
    Column("admin_units", ARRAY(Text), nullable=False, server_default="{}"),
    Column("admin_units_in_doubt", ARRAY(Text), nullable=False, server_default="{}"),
)

# An event that does nothing cancels deletions too: few accounts are to be deleted.
Index(
    "account_to_delete",
    account.c.tenant_id,
    account.c.student_id,
    postgresql_where=text("delete_at IS NOT NULL"),
)
# By which a marker that a directory shows is known, whosever it is.
Index("account_marker", account.c.provider, account.c.marker)
# By which people, and adoptions, find whose an account is.
Index("account_object", account.c.object_id, postgresql_where=text("object_id IS NOT NULL"))

step = Table(
    "step",  # the newest attempt at each kind of effect, written before and after the call
    metadata,
    *_student_key(),
    Column("provider", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("started_at", _TIME, nullable=False),
    Column("deadline", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("reason", Text),
    Column("lease_epoch", BigInteger, nullable=False),
    Column("unsure", Boolean, nullable=False, server_default=text("false")),
    Column("lost_at", _TIME),
    Column("replica", Text),
)
# By which the few without a known outcome are counted. What it names changes with none of the usual attempts, which stay HOT updates.
Index("step_unsure", step.c.provider, postgresql_where=text("unsure"))
# By which people find whose mail a Message-Id is: its hash is the hash of the request. Attempts at one mail have the same.
Index("step_mail", step.c.request_hash, postgresql_where=text("name IN ('welcome', 'notice')"))

attempt = Table(
    "attempt",  # how each attempt at a step ended; rows are only added, and deleted when they were kept for long enough
    metadata,
    *_student_key(),
    Column("provider", Text, primary_key=True),
    Column("step", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("started_at", _TIME, nullable=False),
    Column("ended_at", _TIME, nullable=False),
    Column("reason", Text),
    Column("code", Text),
    Column("request_id", Text),
    Column("replica", Text),
)
Index("attempt_ended", attempt.c.tenant_id, attempt.c.ended_at)

credential = Table(
    "credential",  # sealed passwords, until their mail is accepted or their lifetime is over
    metadata,
    *_student_key(),
    Column("provider", Text, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", _TIME, nullable=False),
)
Index("credential_expiry", credential.c.expires_at)

outbox = Table(
    "outbox",  # outcomes on their way to a topic; `batch` is the Kafka transaction that they are published in
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("batch", BigInteger),
    Column("created_at", _TIME, nullable=False),
    Column("unreadable", Boolean, nullable=False, server_default=text("false")),
    Column("recalled_at", _TIME),
    UniqueConstraint("event_id", name="outbox_event_id"),
)
Index("outbox_waiting", outbox.c.seq, postgresql_where=text("batch IS NULL"))
Index("outbox_batch", outbox.c.batch, postgresql_where=text("batch IS NOT NULL"))

relay = Table(
    "relay",  # the relay's epoch, the newest batch numbered and the newest known to be published
    metadata,
    Column("name", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),
    Column("published", BigInteger, nullable=False),
)

leader = Table(
    "leader",  # which process leads, where a session cannot hold a lock: behind a pooler
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", _TIME, nullable=False),
)

tenant_wait = Table(
    "tenant_wait",  # until when a tenant's service, or one resource of it, is not called, and why
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("until", _TIME, nullable=False),
    Column("held", Boolean, nullable=False, server_default=text("false")),
    Column("reason", Text),
    Column("code", Text),
    Column("step", Text),
    Column("since", _TIME),
)

vendor_limit = Table(
    "vendor_limit",  # how much of a vendor's limit is used: `consumer.pacing.limit.Standing`
    metadata,
    Column("key", Text, primary_key=True),
    Column("next_at", _TIME, nullable=False),
    Column("share", Double, nullable=False),
    Column("slowed_at", _TIME),
)

tenant_configuration = Table(
    "tenant_configuration",  # the digest of each tenant's file as it was last started with: a change ends the tenant's holds
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("seen_at", _TIME, nullable=False),
)

reconciliation = Table(
    "reconciliation",  # how far the newest comparison of a tenant's directory with the ledger has come
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("started_at", _TIME, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the tenant's configuration: another directory is listed anew
    Column("stage", Text, nullable=False),
    Column("part", Text),
    Column("page", Text),
    Column("finished_at", _TIME),
)

listed_account = Table(
    "listed_account",  # what a reconciliation has listed and not compared yet; whose an account is, its marker or object id says
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("object_id", Text, primary_key=True),
    Column("marker", Text),
    Column("address", LargeBinary, nullable=False),  # a digest
    Column("deleted", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("synchronised", Boolean, nullable=False),
    Column("licences", ARRAY(Text)),
    Column("groups", ARRAY(Text), nullable=False, server_default="{}"),
    Column("org_unit", Text),
)
Index(
    "listed_account_marker",
    listed_account.c.tenant_id,
    listed_account.c.provider,
    listed_account.c.marker,
    postgresql_where=text("marker IS NOT NULL"),
)

adoption = Table(
    "adoption",  # accounts that an operator adopted for students: which, by whose hand and when; begun before the account is marked
    metadata,
    *_student_key(),
    Column("provider", Text, primary_key=True),
    Column("object_id", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the list that was approved
    Column("adopted_by", Text, nullable=False),
    Column("begun_at", _TIME, nullable=False),
    Column("done_at", _TIME),
)

operator_act = Table(
    "operator_act",  # what operators did by commands, by whose hand and why; rows are only added, in the transaction of the act
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tenant_id", Text),
    Column("acted_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("about", JSONB, nullable=False),  # codes and numbers, by name
)
Index("operator_act_at", operator_act.c.at, operator_act.c.id)
Index("operator_act_tenant", operator_act.c.tenant_id, operator_act.c.at, operator_act.c.id)

operator_act_student = Table(
    "operator_act_student",  # whom an operator's act concerned; rows are only added
    metadata,
    *_student_key(),
    Column("act_id", BigInteger, primary_key=True),
)
# By which those of an act are counted.
Index("operator_act_student_act", operator_act_student.c.act_id)

replayed_letter = Table(
    "replayed_letter",  # dead letters that an operator sent in again, each time with a number; begun before the record is sent
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("kafka_offset", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("replayed_by", Text, nullable=False),
    Column("begun_at", _TIME, nullable=False),
    Column("sent_at", _TIME),  # NULL: it is not known whether the cluster has it
)

for busy in (student, step, account, vendor_limit):
    busy.dialect_options["postgresql"]["with"] = _BUSY
for pruned in (inbox, parked_record, outbox, attempt, listed_account):
    pruned.dialect_options["postgresql"]["with"] = _PRUNED
