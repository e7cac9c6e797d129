"""The dashboard of Kafka and the ledger: what comes in, what goes out, and the database in between."""

from consumer.observe import catalogue as c
from monitoring.dashboards.annotations import annotations
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panel import Look, Panel, Query, Thresholds, Unit
from monitoring.dashboards.query import added, happened, most, quantile, rate, series

_OWN = 'tenant=""'
"""Of the service, and not of a tenant."""

_INTAKE = Row(
    "Are events read?",
    (
        Panel(
            title="Events, by disposition",
            sees="Events a second: `pending` ask for something, `skipped` for nothing, `duplicate` and `superseded` are old.",
            act="Many duplicates are a producer that repeats itself; many superseded ones a producer that sends old events.",
            queries=[Query(rate(c.EVENTS, "disposition"), "{{disposition}}")],
            unit=Unit.EACH_SECOND,
            look=Look.AREAS,
        ),
        Panel(
            title="Events that do nothing",
            sees="Why events need no action, a second.",
            act="`unlisted_status` after a change at a SIS: its tenant's dashboard says more.",
            queries=[Query(rate(c.SKIPS, "reason"), "{{reason}}")],
            unit=Unit.EACH_SECOND,
            look=Look.AREAS,
        ),
        Panel(
            title="Intake is paused",
            sees="For which cause a replica does not read: it resumes by itself.",
            act="The cause is what to bring back. `locked_rows` is another program's open transaction.",
            queries=[Query(most(c.INTAKE_PAUSED, "cause"), "{{cause}}")],
            unit=Unit.STATE,
            look=Look.STATES,
            thresholds=Thresholds(act=1),
            runbooks=["IntakePaused"],
        ),
        Panel(
            title="From Kafka to the ledger",
            sees="How long Kafka has had the events that intake is done with; the objective is 30 seconds.",
            act="With a backlog it rises and falls again. If it only rises, see the lag by partition, and the batches' time below.",
            queries=[
                Query(quantile(0.5, c.TIME_TO_LEDGER), "p50"),
                Query(quantile(0.99, c.TIME_TO_LEDGER), "p99"),
                Query(most(c.INTAKE_AGE), "oldest in hand"),
            ],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=30, act=300),
            runbooks=["IntakeSlow", "IntakeStuck"],
        ),
        Panel(
            title="Lag, by partition",
            sees="Records that intake is not done with, as far as the replicas know the ends of their partitions.",
            act="One partition far above the others: its keys are a few large schools, or a record in it waits for its schema.",
            queries=[Query(added(c.INTAKE_LAG, "partition"), "{{partition}}")],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Records in a batch",
            sees="How full batches are.",
            act="Full ones (`kafka.batch_size`) mean that intake has a backlog.",
            queries=[
                Query(quantile(0.5, c.BATCH_RECORDS), "p50"),
                Query(quantile(0.95, c.BATCH_RECORDS), "p95"),
            ],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Partitions",
            sees="How many partitions each replica has.",
            act="They are shared evenly. If one replica has none for long, there are fewer partitions than replicas.",
            queries=[Query(added(c.PARTITIONS, "instance"), "{{instance}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
        ),
        Panel(
            title="Consumers replaced",
            sees="Kafka consumers that were replaced after being fenced or failing fatally, in each interval.",
            act="Again and again: two processes have one `kafka.group_instance_id`, or a broker rejects the client.",
            queries=[Query(happened(c.CONSUMERS_REPLACED, "instance"), "{{instance}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
        ),
    ),
)

_ASIDE = Row(
    "What is not taken?",
    (
        Panel(
            title="Dead letters",
            sees="Records that were sent to the dead-letter topic, by reason, in each interval.",
            act="docs/events.md has each reason. A broken producer is its owner's to mend; then send its events again.",
            queries=[Query(happened(c.DEAD_LETTERS, "reason"), "{{reason}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
            thresholds=Thresholds(act=1),
            runbooks=["DeadLetters"],
        ),
        Panel(
            title="Events that wait for their tenant's file",
            sees="Records of tenants that are not configured (yet).",
            act="Add the file within `kafka.park_unknown`: then they are worked. Otherwise they become dead letters.",
            queries=[Query(added(c.PARKED_RECORDS), "parked")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["EventsParked"],
        ),
        Panel(
            title="What came of those that waited",
            sees="Parked records by result, in each interval.",
            act="`dead_letter`: the file did not come in time. `no_room`: there were too many of them.",
            queries=[Query(happened(c.PARKING_RESULTS, "result"), "{{result}}")],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Events that wait for a locked row",
            sees="Events whose student's row another transaction keeps locked.",
            act="Find and end the transaction that another program has left open in the ledger.",
            queries=[Query(added(c.LOCKED_EVENTS), "locked")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["LockedStudents"],
        ),
        Panel(
            title="The ledger was behind",
            sees="Partitions that were read again because the ledger was older than what was read, in each interval.",
            act="A backup was restored, or a standby without the newest commits took over: find out which, at once.",
            queries=[Query(happened(c.LEDGER_BEHIND), "partitions")],
            unit=Unit.COUNT,
            thresholds=Thresholds(act=1),
            runbooks=["LedgerBehind"],
        ),
        Panel(
            title="Records that this version cannot read",
            sees="Ledger records that were set aside, by table and column, in each interval.",
            act="During an upgrade they resolve by themselves. After it, a column was changed by hand: correct it.",
            queries=[Query(happened(c.UNREADABLE_RECORDS, "place"), "{{place}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["RecordsUnreadable"],
        ),
    ),
)

_RELAY = Row(
    "Are outcomes published?",
    (
        Panel(
            title="Published, by topic",
            sees="Outcomes a second.",
            act="None while the next panel rises: no relay publishes.",
            queries=[Query(rate(c.PUBLISHED, "topic"), "{{topic}}")],
            unit=Unit.EACH_SECOND,
            look=Look.AREAS,
        ),
        Panel(
            title="Oldest unpublished outcome",
            sees="How far subscribers are behind.",
            act="A saw of a second or two is normal. When it rises in a straight line, look at leader and restarts beside it.",
            queries=[Query(most(c.OUTBOX_AGE), "age")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=60, act=300),
            runbooks=["OutcomesUnpublished"],
        ),
        Panel(
            title="The relay that leads",
            sees="Which replica publishes. A change is a restart, or a connection to the database that broke.",
            act="None for minutes: outcomes are not published.",
            queries=[Query(most(c.LEADING, "instance", where='loop="outbound"'), "{{instance}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
            thresholds=Thresholds(act=1, below=True),
            runbooks=["RelayWithoutLeader"],
        ),
        Panel(
            title="Relay restarts",
            sees="Producers that were replaced after a commit or abort with an unknown result, in each interval.",
            act="Again and again: Kafka does not answer the relay in time, the log has `relay_restarted` with its error.",
            queries=[Query(happened(c.RELAY_RESTARTS, "instance"), "{{instance}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1, act=10),
            runbooks=["OutcomesUnpublished"],
        ),
        Panel(
            title="Outcomes read back",
            sees="Published outcomes that the ledger did not know, and the times they were read back from the topics, in each interval.",
            act="Only after a restored backup or a failover to a standby that lagged: docs/operations.md, A restored ledger.",
            queries=[Query(happened(c.RECALLED), "outcomes"), Query(happened(c.RELAY_RECALLS), "times")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
        ),
        Panel(
            title="Fenced writes",
            sees="Writes that were rejected because another process had taken over, by loop, in each interval.",
            act="Some at a restart are normal. More: replicas pause for longer than a lease, or lose their partitions.",
            queries=[Query(happened(c.FENCED_WRITES, "loop"), "{{loop}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=20),
            runbooks=["FencedWrites"],
        ),
    ),
)

_LEDGER = Row(
    "Does the ledger keep up?",
    (
        Panel(
            title="One batch into the ledger",
            sees="How long it takes from polling a batch to committing it: the ledger's speed, as intake sees it.",
            act="Rising while batches are not fuller: the database is slow, or something locks its rows.",
            queries=[Query(quantile(0.5, c.BATCH_SECONDS), "p50"), Query(quantile(0.99, c.BATCH_SECONDS), "p99")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=1, act=5),
        ),
        Panel(
            title="Connections",
            sees="Connections of each replica's pool in use, and how many there are at most.",
            act="All of them for minutes: raise `database.pool_size`, or find out why statements are slow.",
            queries=[
                Query(added(c.DATABASE_CONNECTIONS, "instance"), "in use {{instance}}"),
                Query(added(c.DATABASE_CONNECTIONS_MOST, "instance"), "at most {{instance}}"),
            ],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Loops without the database",
            sees="Which loops of which replica cannot reach PostgreSQL.",
            act="One replica alone: its network. All of them: the database.",
            queries=[Query(most(c.DATABASE_UNAVAILABLE, "loop", "instance"), "{{loop}} {{instance}}")],
            unit=Unit.STATE,
            look=Look.STATES,
            thresholds=Thresholds(act=1),
            runbooks=["DatabaseUnavailable"],
        ),
        Panel(
            title="Background jobs, p95",
            sees="How long jobs take in the last day: those of retention by table, and those that measure.",
            act="A job that takes ever longer has a table that grows: see what is deleted beside it.",
            queries=[Query(quantile(0.95, c.BACKGROUND_SECONDS, "task", window="1d"), "{{task}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=60, act=600),
        ),
        Panel(
            title="Rows deleted",
            sees="Rows that were kept for long enough, by table, in each interval.",
            act="None for a day in a service that has run for longer than `retention`: no replica leads maintenance.",
            queries=[Query(happened(c.PRUNED_ROWS, "table"), "{{table}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
            thresholds=Thresholds(),
            runbooks=["MaintenanceWithoutLeader"],
        ),
        Panel(
            title="Certificates of the service",
            sees="The time until the client certificates end that the service shows Kafka, the registry or PostgreSQL.",
            act="Renew them in good time. Where none is configured, nothing is shown.",
            queries=[Query(f"min by (use) ({series(c.CERTIFICATE_ENDS, _OWN)}) - time()")],
            unit=Unit.SECONDS,
            look=Look.TABLE,
            thresholds=Thresholds(look=30 * 86_400, act=86_400, below=True),
            runbooks=["CertificateExpires", "CertificateExpiresSoon"],
            columns=["use"],
        ),
    ),
)

KAFKA_LEDGER = Dashboard(
    uid="provisioner-kafka-ledger",
    title="Provisioner: Kafka and the ledger",
    question="Are events read, outcomes published, and does the database keep up?",
    rows=(_INTAKE, _ASIDE, _RELAY, _LEDGER),
    annotations=annotations(),
)
