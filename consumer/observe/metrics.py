"""The collectors of a process, made of the catalogue."""

from prometheus_client import CollectorRegistry, disable_created_metrics

from consumer.observe import catalogue

# The time at which a series began would be a series more for each counter and histogram, and no query of ours needs it.
disable_created_metrics()


class Metrics:
    """One instance a process (or a test), registered with `registry`. A label's value comes from its set in the catalogue."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

        # intake
        self.events = catalogue.EVENTS.collector(registry)
        self.skips = catalogue.SKIPS.collector(registry)
        self.dead_letters = catalogue.DEAD_LETTERS.collector(registry)
        self.batch_records = catalogue.BATCH_RECORDS.collector(registry)
        self.batch_seconds = catalogue.BATCH_SECONDS.collector(registry)
        self.backlog = BacklogMetrics(registry)
        self.intake_paused = catalogue.INTAKE_PAUSED.collector(registry)
        self.partitions = catalogue.PARTITIONS.collector(registry)
        self.ledger_behind = catalogue.LEDGER_BEHIND.collector(registry)
        self.locked_events = catalogue.LOCKED_EVENTS.collector(registry)
        self.parked_records = catalogue.PARKED_RECORDS.collector(registry)
        self.parking_results = catalogue.PARKING_RESULTS.collector(registry)
        self.consumers_replaced = catalogue.CONSUMERS_REPLACED.collector(registry)

        # provisioning
        self.in_work = catalogue.IN_WORK.collector(registry)
        self.steps = catalogue.STEPS.collector(registry)
        self.settled = catalogue.SETTLED.collector(registry)
        self.outcomes = catalogue.OUTCOMES.collector(registry)
        self.time_to_account = catalogue.TIME_TO_ACCOUNT.collector(registry)
        self.time_to_change = catalogue.TIME_TO_CHANGE.collector(registry)
        self.time_to_welcome = catalogue.TIME_TO_WELCOME.collector(registry)
        self.tenant_waits = catalogue.TENANT_WAITS.collector(registry)
        self.limit_wait_seconds = catalogue.LIMIT_WAIT_SECONDS.collector(registry)
        self.limit_refusals = catalogue.LIMIT_REFUSALS.collector(registry)
        self.limit_used = catalogue.LIMIT_USED.collector(registry)
        self.tenant_unusable = catalogue.TENANT_UNUSABLE.collector(registry)
        self.held = catalogue.HELD.collector(registry)
        self.unreadable_records = catalogue.UNREADABLE_RECORDS.collector(registry)
        self.verifications = catalogue.VERIFICATIONS.collector(registry)
        self.credentials_expired = catalogue.CREDENTIALS_EXPIRED.collector(registry)
        self.fenced_writes = catalogue.FENCED_WRITES.collector(registry)
        self.vendor_call_seconds = catalogue.VENDOR_CALL_SECONDS.collector(registry)

        # outbound
        self.published = catalogue.PUBLISHED.collector(registry)
        self.outbox_age = catalogue.OUTBOX_AGE.collector(registry)
        self.relay_restarts = catalogue.RELAY_RESTARTS.collector(registry)
        self.relay_recalls = catalogue.RELAY_RECALLS.collector(registry)
        self.recalled = catalogue.RECALLED.collector(registry)

        # tenants' files
        self.tenant_file_invalid = catalogue.TENANT_FILE_INVALID.collector(registry)
        self.tenant_changes = catalogue.TENANT_CHANGES.collector(registry)
        self.tenants_unreadable = catalogue.TENANTS_UNREADABLE.collector(registry)

        # loops
        self.loop_faults = catalogue.LOOP_FAULTS.collector(registry)
        self.database_away = catalogue.DATABASE_UNAVAILABLE.collector(registry)
        self.leading = catalogue.LEADING.collector(registry)

        # maintenance
        self.background_seconds = catalogue.BACKGROUND_SECONDS.collector(registry)
        self.pruned_rows = catalogue.PRUNED_ROWS.collector(registry)
        self.reconciliation_findings = catalogue.RECONCILIATION_FINDINGS.collector(registry)
        self.certificate_ends = catalogue.CERTIFICATE_ENDS.collector(registry)

        self.process = ProcessMetrics(registry)
        self.waits = WaitReadings(registry)


class BacklogMetrics:
    """How far intake is behind."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.time_to_ledger = catalogue.TIME_TO_LEDGER.collector(registry)
        self.age = catalogue.INTAKE_AGE.collector(registry)
        self.lag = catalogue.INTAKE_LAG.collector(registry)


class ProcessMetrics:
    """Of the process itself."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.build_info = catalogue.BUILD_INFO.collector(registry)
        self.event_loop_lag = catalogue.EVENT_LOOP_LAG.collector(registry)
        self.statement_seconds = catalogue.STATEMENT_SECONDS.collector(registry)
        self.database_connections = catalogue.DATABASE_CONNECTIONS.collector(registry)
        self.database_connections_limit = catalogue.DATABASE_CONNECTIONS_MOST.collector(registry)


class WaitReadings:
    """What waits in the ledger. All of it is measured together, and one replica shows it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.due_students = catalogue.DUE_STUDENTS.collector(registry)
        self.due_oldest = catalogue.DUE_OLDEST.collector(registry)
        self.held_students = catalogue.HELD_STUDENTS.collector(registry)
        self.held_oldest = catalogue.HELD_OLDEST.collector(registry)
        self.parked_actions = catalogue.PARKED_ACTIONS.collector(registry)
        self.parked_oldest = catalogue.PARKED_OLDEST.collector(registry)
        self.unknown_steps = catalogue.UNKNOWN_STEPS.collector(registry)
        self.unknown_oldest = catalogue.UNKNOWN_OLDEST.collector(registry)
        self.overview_at = catalogue.OVERVIEW_AT.collector(registry)

    def clear(self) -> None:
        """Shows nothing."""
        for readings in (
            self.due_students,
            self.due_oldest,
            self.held_students,
            self.held_oldest,
            self.parked_actions,
            self.parked_oldest,
            self.unknown_steps,
            self.unknown_oldest,
            self.overview_at,
        ):
            readings.clear()
