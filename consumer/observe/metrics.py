"""The catalogue: every metric of the service, in the order of an event's way.

Labels are closed sets or configured names: a tenant that no configuration knows is counted as `unknown`, so that a broken producer
cannot increase the number of series. No label ever holds a person's data.

One module, however long: a list that is read as a whole.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_LONG = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400)
_SIZES = (1, 5, 10, 50, 100, 250, 500, 1_000, 5_000)


class Metrics:
    """One instance a process (or a test), registered with `registry`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

        # intake
        self.events = Counter(
            "provisioner_events",
            "Input records by disposition at intake: skipped, pending (accepted), superseded, duplicate, dead_letter.",
            ("tenant", "disposition"),
            registry=registry,
        )
        self.skips = Counter(
            "provisioner_skips", "Events that need no action, by reason.", ("tenant", "reason"), registry=registry
        )
        self.dead_letters = Counter(
            "provisioner_dead_letters",
            "Records sent to the dead-letter topic, by reason.",
            ("reason",),
            registry=registry,
        )
        self.batch_records = Histogram(
            "provisioner_intake_batch_records", "Records in a batch.", buckets=_SIZES, registry=registry
        )
        self.batch_seconds = Histogram(
            "provisioner_intake_batch_seconds",
            "Time from polling a batch to committing it to the ledger.",
            buckets=_QUICK,
            registry=registry,
        )
        self.intake_paused = Gauge(
            "provisioner_intake_paused",
            "1 while intake is paused because this dependency is unavailable.",
            ("cause",),
            registry=registry,
        )
        self.partitions = Gauge(
            "provisioner_intake_partitions", "Partitions assigned to this process.", registry=registry
        )
        self.ledger_behind = Counter(
            "provisioner_ledger_behind",
            "Partitions re-read from the ledger's offset because it was behind the group's: a restored or lagging database.",
            registry=registry,
        )
        self.locked_events = Gauge(
            "provisioner_intake_locked_events",
            "Events waiting because another transaction has locked their student's row.",
            registry=registry,
        )
        self.parked_records = Gauge(
            "provisioner_parked_records",
            "Records of unknown tenants waiting for their tenant's file, of this process's partitions.",
            registry=registry,
        )
        self.parking_results = Counter(
            "provisioner_parking_results",
            "Records of unknown tenants by result: parked, no_room (a dead letter at once); then accepted, skipped, dead_letter.",
            ("result",),
            registry=registry,
        )
        self.consumers_replaced = Counter(
            "provisioner_consumers_replaced",
            "Kafka consumers replaced after being fenced or failing fatally.",
            registry=registry,
        )

        # provisioning
        self.in_work = Gauge(
            "provisioner_students_in_work", "Students currently leased by this process.", registry=registry
        )
        self.steps = Counter(
            "provisioner_steps", "Finished step attempts, by result.", ("provider", "step", "state"), registry=registry
        )
        self.settled = Counter(
            "provisioner_settled",
            "Events that reached their final disposition.",
            ("tenant", "disposition"),
            registry=registry,
        )
        self.outcomes = Counter(
            "provisioner_outcomes",
            "Outcomes written to the outbox, including repeats; the outbox keeps each outcome once.",
            ("tenant", "provider", "outcome", "reason"),
            registry=registry,
        )
        self.time_to_account = Histogram(
            "provisioner_time_to_account_seconds",
            "Time from accepting an event to provisioning its account.",
            ("provider",),
            buckets=_LONG,
            registry=registry,
        )
        self.time_to_change = Histogram(
            "provisioner_time_to_change_seconds",
            "Time from accepting an event to the change of an account that existed.",
            ("provider", "action"),
            buckets=_LONG,
            registry=registry,
        )
        self.tenant_waits = Counter(
            "provisioner_tenant_waits",
            "Times a vendor refusal or rate limit made a whole tenant wait.",
            ("tenant", "service"),
            registry=registry,
        )
        self.limit_wait_seconds = Histogram(
            "provisioner_limit_wait_seconds",
            "Time that steps waited for their turn within a vendor's limits.",
            ("service",),
            buckets=_QUICK,
            registry=registry,
        )
        self.limit_refusals = Counter(
            "provisioner_limit_refusals",
            "Calls that a vendor refused because a limit was used up, by limit.",
            ("tenant", "service", "limit"),
            registry=registry,
        )
        self.limit_used = Gauge(
            "provisioner_limit_used_ratio",
            "Share of a limit that is used, as the vendor last reported it: Graph does from 0.8 on.",
            ("tenant", "service"),
            registry=registry,
        )
        self.tenant_unusable = Gauge(
            "provisioner_tenant_unusable",
            "1 while a tenant's file, secret, key or certificates cannot be used; its students are held.",
            ("tenant",),
            registry=registry,
        )
        self.held = Counter(
            "provisioner_held",
            "Times a student was put on hold.",
            ("tenant", "provider", "reason"),
            registry=registry,
        )
        self.unreadable_records = Counter(
            "provisioner_unreadable_records",
            "Ledger records set aside because this version cannot read them, by table and column.",
            ("place",),
            registry=registry,
        )
        self.verifications = Counter(
            "provisioner_verifications",
            "Verifications of accounts with an uncertain step, by finding: sure, marked, late, conflict.",
            ("provider", "found"),
            registry=registry,
        )
        self.credentials_expired = Counter(
            "provisioner_credentials_expired",
            "Sealed passwords destroyed because their mail could not be sent in time.",
            registry=registry,
        )
        self.fenced_writes = Counter(
            "provisioner_fenced_writes",
            "Writes rejected because another process had taken ownership.",
            ("loop",),
            registry=registry,
        )
        self.vendor_call_seconds = Histogram(
            "provisioner_vendor_call_seconds",
            "Duration of calls to vendors, from sending the request to reading the response.",
            ("service", "operation", "outcome"),
            buckets=_QUICK,
            registry=registry,
        )

        # outbound
        self.published = Counter(
            "provisioner_published", "Outcomes published, by topic.", ("topic",), registry=registry
        )
        self.outbox_age = Gauge(
            "provisioner_outbox_age_seconds",
            "Age of the oldest unpublished outcome.",
            registry=registry,
        )
        self.relay_restarts = Counter(
            "provisioner_relay_restarts",
            "Producers replaced after a commit or abort with an unknown result.",
            registry=registry,
        )
        self.relay_recalls = Counter(
            "provisioner_relay_recalls",
            "Times outcomes were read back because the topics were ahead of the ledger.",
            registry=registry,
        )
        self.recalled = Counter(
            "provisioner_recalled_outcomes",
            "Published outcomes that were missing in the ledger and were read back from the topics.",
            registry=registry,
        )

        # tenants' files
        self.tenant_file_invalid = Gauge(
            "provisioner_tenant_file_invalid",
            "1 while the newest version of a tenant's file, or a file that it names, cannot be used; the last good one stays in force.",
            ("tenant",),
            registry=registry,
        )
        self.tenant_changes = Counter(
            "provisioner_tenant_changes",
            "Changes of tenants' files, by result: added, changed (in force at once), invalid (not in force), removed.",
            ("result",),
            registry=registry,
        )
        self.tenants_unreadable = Gauge(
            "provisioner_tenants_dir_unreadable",
            "1 while the tenants' folder cannot be read or is empty; all tenants stay as they were.",
            registry=registry,
        )

        # loops
        self.loop_faults = Counter(
            "provisioner_loop_faults",
            "Recovered loop errors, by kind.",
            ("loop", "fault"),
            registry=registry,
        )
        self.database_away = Gauge(
            "provisioner_database_unavailable", "1 while a loop cannot reach PostgreSQL.", ("loop",), registry=registry
        )
        self.leading = Gauge(
            "provisioner_leading",
            "1 while this process leads a loop that runs in one replica at a time.",
            ("loop",),
            registry=registry,
        )

        # maintenance
        self.background_seconds = Histogram(
            "provisioner_background_job_seconds",
            "Duration of background jobs, such as deleting what is not kept any longer.",
            ("job",),
            buckets=_LONG,
            registry=registry,
        )
        self.pruned_rows = Counter(
            "provisioner_pruned_rows",
            "Ledger rows deleted because they were kept for long enough, by table.",
            ("table",),
            registry=registry,
        )
        self.reconciliation_findings = Gauge(
            "provisioner_reconciliation_findings",
            "Accounts that differed from the ledger in the newest reconciliation, by tenant, provider and kind.",
            ("tenant", "provider", "kind"),
            registry=registry,
        )
