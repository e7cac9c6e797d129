"""The catalogue: every metric of the service, in the order of an event's way. `metrics` makes the collectors of it, and
`python -m tests.observe.page` the page docs/metrics.md.

One module, however long: a list that is read as a whole.
"""

from collections.abc import Iterator, Mapping

from consumer.observe import labels
from consumer.observe.entries import CounterEntry, Entry, GaugeEntry, HistogramEntry, ReadingsEntry, TallyEntry, Unit

_STATEMENT = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 15.0)
"""Up to the time at which PostgreSQL ends a statement of ours."""
_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900, 3_600, 14_400, 86_400)
_SIZES = (1, 5, 10, 50, 100, 250, 500, 1_000, 5_000)

# intake

EVENTS = CounterEntry(
    name="provisioner_events",
    help="Events that were written to the ledger or found there, by disposition.",
    purpose="How much each tenant's SIS sends, and how much of it is old or repeated.",
    labels=(labels.TENANT, labels.READ_DISPOSITION),
)
SKIPS = CounterEntry(
    name="provisioner_skips",
    help="Events that need no action, by reason.",
    purpose="A status that should do something and does not: `unlisted_status` after a change at the SIS.",
    labels=(labels.TENANT, labels.SKIP_REASON),
)
DEAD_LETTERS = CounterEntry(
    name="provisioner_dead_letters",
    help="Records sent to the dead-letter topic, by reason.",
    purpose="A broken producer, or a tenant without a file: see docs/events.md for each reason.",
    labels=(labels.LETTER_REASON,),
)
BATCH_RECORDS = HistogramEntry(
    name="provisioner_intake_batch_records",
    unit=Unit.COUNT,
    help="Records in a batch.",
    purpose="Full batches (`kafka.batch_size`) mean that intake has a backlog.",
    buckets=_SIZES,
)
BATCH_SECONDS = HistogramEntry(
    name="provisioner_intake_batch_seconds",
    unit=Unit.SECONDS,
    help="Time from polling a batch to committing it to the ledger.",
    purpose="A slow database, as intake sees it.",
    buckets=_QUICK,
)
TIME_TO_LEDGER = TallyEntry(
    name="provisioner_time_to_ledger_seconds",
    unit=Unit.SECONDS,
    help="Time from when Kafka has an event to when intake is done with it: in the ledger, skipped, or a dead letter.",
    purpose="How far intake is behind, and whether events were taken in within their objective.",
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400),
)
INTAKE_AGE = GaugeEntry(
    name="provisioner_intake_age_seconds",
    unit=Unit.SECONDS,
    help="Time since Kafka has the oldest event that was read and is not dealt with yet; 0 without one.",
    purpose="An intake that does not get on: it grows while the database or the registry is unavailable.",
)
INTAKE_LAG = ReadingsEntry(
    name="provisioner_intake_lag_records",
    unit=Unit.COUNT,
    help="Records of each partition that intake is not done with, as librdkafka knew the end of the partition seconds ago.",
    purpose="A backlog; a partition whose lag grows while those of others do not.",
    labels=(labels.PARTITION,),
)
INTAKE_PAUSED = GaugeEntry(
    name="provisioner_intake_paused",
    unit=Unit.STATE,
    help="1 while intake is paused because this dependency is unavailable.",
    purpose="Why intake does not read.",
    labels=(labels.PAUSE_CAUSE,),
)
PARTITIONS = GaugeEntry(
    name="provisioner_intake_partitions",
    unit=Unit.COUNT,
    help="Partitions assigned to this process.",
    purpose="Whether the replicas share the topic evenly; the sum is the number of partitions.",
)
LEDGER_BEHIND = CounterEntry(
    name="provisioner_ledger_behind",
    help="Partitions re-read from the ledger's offset because it was behind the group's: a restored or lagging database.",
    purpose="A database that lost what it had confirmed.",
)
LOCKED_EVENTS = GaugeEntry(
    name="provisioner_intake_locked_events",
    unit=Unit.COUNT,
    help="Events waiting because another transaction has locked their student's row.",
    purpose="A transaction that some other program has left open in the ledger.",
)
PARKED_RECORDS = GaugeEntry(
    name="provisioner_parked_records",
    unit=Unit.COUNT,
    help="Records of unknown tenants waiting for their tenant's file, of this process's partitions.",
    purpose="A tenant whose file is missing.",
)
PARKING_RESULTS = CounterEntry(
    name="provisioner_parking_results",
    help="Records of unknown tenants by result: parked, no_room (a dead letter at once); then accepted, skipped, dead_letter.",
    purpose="Whether files came in time for the events that waited for them.",
    labels=(labels.PARKING_RESULT,),
)
CONSUMERS_REPLACED = CounterEntry(
    name="provisioner_consumers_replaced",
    help="Kafka consumers replaced after being fenced or failing fatally.",
    purpose="Two processes with one `kafka.group_instance_id`, or a broker that rejects the client.",
)

# provisioning

IN_WORK = GaugeEntry(
    name="provisioner_students_in_work",
    unit=Unit.COUNT,
    help="Students currently leased by this process.",
    purpose="How much of `provisioning.concurrency` is used.",
)
STEPS = CounterEntry(
    name="provisioner_steps",
    help="Finished step attempts, by result.",
    purpose="Which step fails, and how often it is tried again.",
    labels=(labels.PROVIDER, labels.STEP, labels.STEP_STATE),
)
SETTLED = CounterEntry(
    name="provisioner_settled",
    help="Events that reached their final disposition.",
    purpose="The rate of work that is finished, and the share that failed.",
    labels=(labels.TENANT, labels.FINAL_DISPOSITION),
)
OUTCOMES = CounterEntry(
    name="provisioner_outcomes",
    help="Outcomes written to the outbox, including repeats; the outbox keeps each outcome once.",
    purpose="What is reported downstream, and why accounts are not as their status wants them.",
    labels=(labels.TENANT, labels.PROVIDER, labels.OUTCOME, labels.OUTCOME_REASON),
)
TIME_TO_ACCOUNT = HistogramEntry(
    name="provisioner_time_to_account_seconds",
    unit=Unit.SECONDS,
    help="Time from accepting an event to provisioning its account.",
    purpose="How long a new student waits for an account.",
    labels=(labels.PROVIDER,),
    buckets=_LONG,
)
TIME_TO_CHANGE = HistogramEntry(
    name="provisioner_time_to_change_seconds",
    unit=Unit.SECONDS,
    help="Time from accepting an event to the change of an account that existed.",
    purpose='How long a leaver can still sign in: `action="suspend_account"`.',
    labels=(labels.PROVIDER, labels.ACTION),
    buckets=_LONG,
)
TIME_TO_WELCOME = HistogramEntry(
    name="provisioner_time_to_welcome_seconds",
    unit=Unit.SECONDS,
    help="Time from accepting an event to the acceptance of its welcome mail by the mail service.",
    purpose="How long a new student waits for the password.",
    buckets=_LONG,
)
TENANT_WAITS = CounterEntry(
    name="provisioner_tenant_waits",
    help="Times a vendor refusal or rate limit made a whole tenant wait.",
    purpose="A tenant whose vendor refuses again and again.",
    labels=(labels.TENANT, labels.SERVICE),
)
LIMIT_WAIT_SECONDS = HistogramEntry(
    name="provisioner_limit_wait_seconds",
    unit=Unit.SECONDS,
    help="Time that steps waited for their turn within a vendor's limits.",
    purpose="Whether a limit is what holds an intake up.",
    labels=(labels.SERVICE,),
    buckets=_QUICK,
)
LIMIT_REFUSALS = CounterEntry(
    name="provisioner_limit_refusals",
    help="Calls that a vendor refused because a limit was used up, by limit.",
    purpose="A limit that is lower than configured, or that another application uses too.",
    labels=(labels.TENANT, labels.SERVICE, labels.LIMIT),
)
LIMIT_USED = GaugeEntry(
    name="provisioner_limit_used_ratio",
    unit=Unit.RATIO,
    help="Share of a limit that is used, as the vendor last reported it: Graph does from 0.8 on.",
    purpose="How near a tenant is to a refusal.",
    labels=(labels.TENANT, labels.SERVICE),
)
TENANT_UNUSABLE = GaugeEntry(
    name="provisioner_tenant_unusable",
    unit=Unit.STATE,
    help="1 while a tenant's file, secret, key or certificates cannot be used; its students are held.",
    purpose="A tenant that is not worked until a person corrects its configuration.",
    labels=(labels.TENANT,),
)
HELD = CounterEntry(
    name="provisioner_held",
    help="Times a student was put on hold.",
    purpose="Where new holds come from.",
    labels=(labels.TENANT, labels.PROVIDER, labels.REASON),
)
UNREADABLE_RECORDS = CounterEntry(
    name="provisioner_unreadable_records",
    help="Ledger records set aside because this version cannot read them, by table and column.",
    purpose="Replicas of an earlier version beside newer ones.",
    labels=(labels.PLACE,),
)
VERIFICATIONS = CounterEntry(
    name="provisioner_verifications",
    help="Verifications of accounts with an uncertain step, by finding: sure, marked, late, conflict.",
    purpose="How often a call whose outcome was lost had been carried out after all.",
    labels=(labels.PROVIDER, labels.VERIFICATION),
)
CREDENTIALS_EXPIRED = CounterEntry(
    name="provisioner_credentials_expired",
    help="Sealed passwords destroyed because their mail could not be sent in time.",
    purpose="Students whose account has a password that no one was sent.",
)
FENCED_WRITES = CounterEntry(
    name="provisioner_fenced_writes",
    help="Writes rejected because another process had taken ownership.",
    purpose="Replicas that pause for longer than a lease, or lose their partitions.",
    labels=(labels.LOOP,),
)
VENDOR_CALL_SECONDS = HistogramEntry(
    name="provisioner_vendor_call_seconds",
    unit=Unit.SECONDS,
    help="Duration of calls to vendors, from sending the request to reading the response.",
    purpose="A slow or failing vendor, by request.",
    labels=(labels.SERVICE, labels.OPERATION, labels.HTTP_OUTCOME),
    buckets=_QUICK,
)

# outbound

PUBLISHED = CounterEntry(
    name="provisioner_published",
    help="Outcomes published, by topic.",
    purpose="Whether outcomes leave.",
    labels=(labels.TOPIC,),
)
OUTBOX_AGE = GaugeEntry(
    name="provisioner_outbox_age_seconds",
    unit=Unit.SECONDS,
    help="Age of the oldest unpublished outcome, as each replica last found it in the ledger.",
    purpose="How far subscribers are behind; it rises while no relay can publish.",
)
RELAY_RESTARTS = CounterEntry(
    name="provisioner_relay_restarts",
    help="Producers replaced after a commit or abort with an unknown result.",
    purpose="A Kafka that does not answer the relay.",
)
RELAY_RECALLS = CounterEntry(
    name="provisioner_relay_recalls",
    help="Times outcomes were read back because the topics were ahead of the ledger.",
    purpose="A ledger that was restored from a backup.",
)
RECALLED = CounterEntry(
    name="provisioner_recalled_outcomes",
    help="Published outcomes that were missing in the ledger and were read back from the topics.",
    purpose="How much a restored ledger had lost.",
)

# tenants' files

TENANT_FILE_INVALID = GaugeEntry(
    name="provisioner_tenant_file_invalid",
    unit=Unit.STATE,
    help="1 while the newest version of a tenant's file, or a file that it names, cannot be used; the last good one stays in force.",
    purpose="A change that is not in force.",
    labels=(labels.TENANT,),
)
TENANT_CHANGES = CounterEntry(
    name="provisioner_tenant_changes",
    help="Changes of tenants' files, by result: added, changed (in force at once), invalid (not in force), removed.",
    purpose="Whether all replicas have seen a change.",
    labels=(labels.CHANGE_RESULT,),
)
TENANTS_UNREADABLE = GaugeEntry(
    name="provisioner_tenants_dir_unreadable",
    unit=Unit.STATE,
    help="1 while the tenants' folder cannot be read or is empty; all tenants stay as they were.",
    purpose="A volume that is not mounted.",
)

# loops

LOOP_FAULTS = CounterEntry(
    name="provisioner_loop_faults",
    help="Recovered loop errors, by kind.",
    purpose="Trouble that a loop recovers from, and defects.",
    labels=(labels.LOOP, labels.FAULT),
)
DATABASE_UNAVAILABLE = GaugeEntry(
    name="provisioner_database_unavailable",
    unit=Unit.STATE,
    help="1 while a loop cannot reach PostgreSQL.",
    purpose="A database that is unreachable, from this replica.",
    labels=(labels.LOOP,),
)
LEADING = GaugeEntry(
    name="provisioner_leading",
    unit=Unit.STATE,
    help="1 while this process leads a loop that runs in one replica at a time.",
    purpose="The sum over replicas is 1; 0 for minutes means that the loop runs nowhere.",
    labels=(labels.LOOP,),
)

# the process

BUILD_INFO = GaugeEntry(
    name="provisioner_build_info",
    unit=Unit.STATE,
    help="1, with the version that runs.",
    purpose="Which versions run side by side during an upgrade.",
    labels=(labels.VERSION,),
)
EVENT_LOOP_LAG = HistogramEntry(
    name="provisioner_event_loop_lag_seconds",
    unit=Unit.SECONDS,
    help="How late the event loop gives a task its turn, measured once a second.",
    purpose="A processor that is too slow for `provisioning.concurrency`, or a defect that blocks all students.",
    buckets=_QUICK,
)
STATEMENT_SECONDS = HistogramEntry(
    name="provisioner_statement_seconds",
    unit=Unit.SECONDS,
    help="Time from when a statement is sent until PostgreSQL has answered, of those that succeed.",
    purpose="A database that is slow, and whether that is so for all tables or for one.",
    labels=(labels.STATEMENT_TABLE,),
    buckets=_STATEMENT,
)
DATABASE_CONNECTIONS = GaugeEntry(
    name="provisioner_database_connections_in_use",
    unit=Unit.COUNT,
    help="Connections of the pool that are in use now.",
    purpose="A pool that is too small: all of it in use, while calls wait for a connection.",
)
DATABASE_CONNECTIONS_MOST = GaugeEntry(
    name="provisioner_database_connections_limit",
    unit=Unit.COUNT,
    help="Connections that the pool has at most (`database.pool_size`).",
    purpose="What the connections in use are compared with.",
)

# maintenance

BACKGROUND_SECONDS = HistogramEntry(
    name="provisioner_background_job_seconds",
    unit=Unit.SECONDS,
    help="Duration of background jobs, such as deleting what is not kept any longer.",
    purpose="A job that takes ever longer, or has not run.",
    labels=(labels.TASK,),
    buckets=_LONG,
)
PRUNED_ROWS = CounterEntry(
    name="provisioner_pruned_rows",
    help="Ledger rows deleted because they were kept for long enough, by table.",
    purpose="Whether retention keeps up.",
    labels=(labels.TABLE,),
)
RECONCILIATION_FINDINGS = GaugeEntry(
    name="provisioner_reconciliation_findings",
    unit=Unit.COUNT,
    help="Accounts that differed from the ledger in the newest reconciliation, by tenant, provider and kind.",
    purpose="Accounts that people have changed, deleted or lost.",
    labels=(labels.TENANT, labels.PROVIDER, labels.DIFFERENCE),
)

# what waits in the ledger, measured by the replica that leads the maintenance loop, every `metrics.every` seconds

DUE_STUDENTS = ReadingsEntry(
    name="provisioner_due_students",
    unit=Unit.COUNT,
    help="Students who could be worked now and are not, by class of work.",
    purpose="The backlog of provisioning.",
    labels=(labels.WAITING_TENANT, labels.WORK_CLASS),
)
DUE_OLDEST = ReadingsEntry(
    name="provisioner_due_oldest_seconds",
    unit=Unit.SECONDS,
    help="For how long the oldest of these students has been due.",
    purpose="Whether anyone waits too long: `urgent` are suspensions and deletions. It rises while a tenant's vendors are left alone.",
    labels=(labels.WAITING_TENANT, labels.WORK_CLASS),
)
HELD_STUDENTS = ReadingsEntry(
    name="provisioner_held_students",
    unit=Unit.COUNT,
    help="Students who wait for a person, by reason.",
    purpose="How many students a missing consent, an empty pool of licences or a conflict keeps waiting: docs/events.md has the remedies.",
    labels=(labels.WAITING_TENANT, labels.HELD_REASON),
)
HELD_OLDEST = ReadingsEntry(
    name="provisioner_held_oldest_seconds",
    unit=Unit.SECONDS,
    help="For how long the oldest of these students has waited.",
    purpose="A hold that no one looks at.",
    labels=(labels.WAITING_TENANT, labels.HELD_REASON),
)
PARKED_ACTIONS = ReadingsEntry(
    name="provisioner_parked_actions",
    unit=Unit.COUNT,
    help="Actions that the guard has parked until a person decides, by kind.",
    purpose="A mass withdrawal that was stopped: `provisioner guard list` names the students.",
    labels=(labels.WAITING_TENANT, labels.GUARDED),
)
PARKED_OLDEST = ReadingsEntry(
    name="provisioner_parked_actions_oldest_seconds",
    unit=Unit.SECONDS,
    help="For how long the oldest of these actions has been parked.",
    purpose="A decision that is due.",
    labels=(labels.WAITING_TENANT, labels.GUARDED),
)
UNKNOWN_STEPS = ReadingsEntry(
    name="provisioner_unknown_steps",
    unit=Unit.COUNT,
    help="Steps that may or may not have been carried out, and whose account was not verified since.",
    purpose="How much is uncertain after lost responses and crashes; `provisioning.verify_after` later it is verified.",
    labels=(labels.UNKNOWN_PROVIDER,),
)
UNKNOWN_OLDEST = ReadingsEntry(
    name="provisioner_unknown_steps_oldest_seconds",
    unit=Unit.SECONDS,
    help="How long ago the newest attempt without a known outcome was over, of the step for which that is longest.",
    purpose="A verification that does not happen.",
    labels=(labels.UNKNOWN_PROVIDER,),
)
OVERVIEW_AT = ReadingsEntry(
    name="provisioner_overview_timestamp_seconds",
    unit=Unit.TIMESTAMP,
    help="When what waits in the ledger was last measured; one replica shows it, and what it measured.",
    purpose="Whether the numbers of this section are current: a missing series means none only while this one is.",
)

CERTIFICATE_ENDS = ReadingsEntry(
    name="provisioner_certificate_expiry_timestamp_seconds",
    unit=Unit.TIMESTAMP,
    help="When a client certificate ends that the configuration names: at Microsoft, or for Kafka, the registry or PostgreSQL.",
    purpose="Days left: `(provisioner_certificate_expiry_timestamp_seconds - time()) / 86400`.",
    labels=(labels.CERTIFIED_TENANT, labels.CERTIFICATE_USE),
)

SECTIONS: Mapping[str, tuple[Entry, ...]] = {
    "Intake": (
        EVENTS,
        SKIPS,
        DEAD_LETTERS,
        BATCH_RECORDS,
        BATCH_SECONDS,
        TIME_TO_LEDGER,
        INTAKE_AGE,
        INTAKE_PAUSED,
        PARTITIONS,
        INTAKE_LAG,
        LEDGER_BEHIND,
        LOCKED_EVENTS,
        PARKED_RECORDS,
        PARKING_RESULTS,
        CONSUMERS_REPLACED,
    ),
    "Provisioning": (
        IN_WORK,
        STEPS,
        SETTLED,
        OUTCOMES,
        TIME_TO_ACCOUNT,
        TIME_TO_CHANGE,
        TIME_TO_WELCOME,
        TENANT_WAITS,
        LIMIT_WAIT_SECONDS,
        LIMIT_REFUSALS,
        LIMIT_USED,
        TENANT_UNUSABLE,
        HELD,
        UNREADABLE_RECORDS,
        VERIFICATIONS,
        CREDENTIALS_EXPIRED,
        FENCED_WRITES,
        VENDOR_CALL_SECONDS,
    ),
    "Outbound": (PUBLISHED, OUTBOX_AGE, RELAY_RESTARTS, RELAY_RECALLS, RECALLED),
    "Tenants' files": (TENANT_FILE_INVALID, TENANT_CHANGES, TENANTS_UNREADABLE),
    "Loops": (LOOP_FAULTS, DATABASE_UNAVAILABLE, LEADING),
    "Process": (BUILD_INFO, EVENT_LOOP_LAG, STATEMENT_SECONDS, DATABASE_CONNECTIONS, DATABASE_CONNECTIONS_MOST),
    "What waits in the ledger": (
        DUE_STUDENTS,
        DUE_OLDEST,
        HELD_STUDENTS,
        HELD_OLDEST,
        PARKED_ACTIONS,
        PARKED_OLDEST,
        UNKNOWN_STEPS,
        UNKNOWN_OLDEST,
        OVERVIEW_AT,
    ),
    "Maintenance": (BACKGROUND_SECONDS, PRUNED_ROWS, RECONCILIATION_FINDINGS, CERTIFICATE_ENDS),
}
"""In the order of the page."""


def entries() -> Iterator[Entry]:
    """All of them."""
    for section in SECTIONS.values():
        yield from section
