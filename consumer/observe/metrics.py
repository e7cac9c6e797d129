"""The catalogue: every metric of the service, in the order of an event's way.

Labels are closed sets or configured names: a tenant that no configuration knows is counted as `unknown`, so that a broken producer
cannot raise the number of series. No label ever holds a person's data.
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
            "Input records by what became of them at intake: skipped, pending (accepted), superseded, duplicate, dead_letter.",
            ("tenant", "disposition"),
            registry=registry,
        )
        self.skips = Counter(
            "provisioner_skips", "Events that do nothing, by why.", ("tenant", "reason"), registry=registry
        )
        self.dead_letters = Counter(
            "provisioner_dead_letters", "Records sent to the dead letters.", ("reason",), registry=registry
        )
        self.batch_records = Histogram(
            "provisioner_intake_batch_records", "Records in a batch.", buckets=_SIZES, registry=registry
        )
        self.batch_seconds = Histogram(
            "provisioner_intake_batch_seconds",
            "From a batch polled to a batch durable.",
            buckets=_QUICK,
            registry=registry,
        )
        self.intake_paused = Gauge(
            "provisioner_intake_paused",
            "1 while the partitions are paused because of this dependency.",
            ("cause",),
            registry=registry,
        )
        self.partitions = Gauge(
            "provisioner_intake_partitions", "Partitions that this process owns.", registry=registry
        )
        self.ledger_behind = Counter(
            "provisioner_ledger_behind",
            "Partitions read again from the ledger's offset because it was behind the group's: a restored or lagging database.",
            registry=registry,
        )
        self.locked_events = Gauge(
            "provisioner_intake_locked_events",
            "Events that wait because another transaction holds their student's row.",
            registry=registry,
        )
        self.consumers_replaced = Counter(
            "provisioner_consumers_replaced",
            "Kafka consumers thrown away because they had been fenced or had failed fatally.",
            registry=registry,
        )

        # provisioning
        self.in_work = Gauge("provisioner_students_in_work", "Students leased by this process now.", registry=registry)
        self.steps = Counter(
            "provisioner_steps", "Ended attempts at a step, by how.", ("provider", "step", "state"), registry=registry
        )
        self.settled = Counter(
            "provisioner_settled",
            "Events brought to their final disposition.",
            ("tenant", "disposition"),
            registry=registry,
        )
        self.outcomes = Counter(
            "provisioner_outcomes",
            "Outcomes given to the outbox, which keeps each once; whoever waits for a person gives the same again.",
            ("tenant", "provider", "outcome", "reason"),
            registry=registry,
        )
        self.time_to_account = Histogram(
            "provisioner_time_to_account_seconds",
            "From an event accepted to its account provisioned.",
            ("provider",),
            buckets=_LONG,
            registry=registry,
        )
        self.tenant_waits = Counter(
            "provisioner_tenant_waits",
            "Times that a vendor made a whole tenant wait.",
            ("tenant", "service"),
            registry=registry,
        )
        self.tenant_unusable = Gauge(
            "provisioner_tenant_unusable",
            "1 while a tenant's file, secret, key or certificates cannot be used, so that its students are held.",
            ("tenant",),
            registry=registry,
        )
        self.held = Counter(
            "provisioner_held",
            "Times that a student began to wait for a person.",
            ("tenant", "provider", "reason"),
            registry=registry,
        )
        self.unreadable_records = Counter(
            "provisioner_unreadable_records",
            "Times that a record in the ledger was put aside because this version can't read it, by table and column.",
            ("place",),
            registry=registry,
        )
        self.verifications = Counter(
            "provisioner_verifications",
            "Second looks at accounts of which something was unsure, by what they found: sure, marked, late, conflict.",
            ("provider", "found"),
            registry=registry,
        )
        self.credentials_expired = Counter(
            "provisioner_credentials_expired",
            "Sealed passwords that were destroyed because their mail could not be sent in their lifetime.",
            registry=registry,
        )
        self.fenced_writes = Counter(
            "provisioner_fenced_writes",
            "Writes refused because another owner had taken over.",
            ("loop",),
            registry=registry,
        )
        self.vendor_call_seconds = Histogram(
            "provisioner_vendor_call_seconds",
            "Calls to vendors, from the first byte sent to the answer read.",
            ("service", "operation", "outcome"),
            buckets=_QUICK,
            registry=registry,
        )

        # outbound
        self.published = Counter(
            "provisioner_published", "Outcomes committed to their topic.", ("topic",), registry=registry
        )
        self.outbox_age = Gauge(
            "provisioner_outbox_age_seconds",
            "For how long the oldest outcome that is not published has waited.",
            registry=registry,
        )
        self.relay_leading = Gauge(
            "provisioner_relay_leading", "1 while this process publishes outcomes.", registry=registry
        )
        self.relay_restarts = Counter(
            "provisioner_relay_restarts", "Producers thrown away after an unclear commit or abort.", registry=registry
        )
        self.relay_recalls = Counter(
            "provisioner_relay_recalls",
            "Times that the topics were ahead of the ledger, so that outcomes were read back from them.",
            registry=registry,
        )
        self.recalled = Counter(
            "provisioner_recalled_outcomes",
            "Outcomes that the ledger did not know to be published and that were read back from the topics.",
            registry=registry,
        )

        # loops
        self.loop_faults = Counter(
            "provisioner_loop_faults",
            "Faults that a loop met and got over, by kind.",
            ("loop", "fault"),
            registry=registry,
        )
        self.database_away = Gauge(
            "provisioner_database_away", "1 while PostgreSQL does not answer a loop.", ("loop",), registry=registry
        )
