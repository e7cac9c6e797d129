"""The labels of the catalogue. Every set is closed, or as large as a configuration or the code itself: no label holds what arrives.

The closed sets are written out here, as this package imports none of ours; a test holds them to the code's own (`tests/observe`).
"""

from consumer.observe.entries import Label

TENANT = Label(
    "tenant", source="configured tenants; `unknown` for events of any other, so that a broken producer adds no series"
)
PROVIDER = Label("provider", ("microsoft", "google"))
SERVICE = Label("service", ("microsoft", "google", "google/licences", "mailgun"))
LOOP = Label("loop", ("intake", "provisioning", "outbound", "maintenance", "tenants"))
TOPIC = Label("topic", source="the topics of outcomes that `kafka.topics` names: 5")
FAULT = Label("fault", source="classes of exceptions, and librdkafka's names of errors")
VERSION = Label("version", source="that of the process")
OPERATION = Label("operation", source="the kinds of requests that the code makes of vendors")
HTTP_OUTCOME = Label("outcome", ("1xx", "2xx", "3xx", "4xx", "5xx", "not_sent", "unknown"))
LIMIT = Label(
    "limit",
    (
        "writes",
        "directory_writes",
        "application_writes",
        "resource_units",
        "creations",
        "queries",
        "org_units",
        "licences",
        "messages",
    ),
)
PLACE = Label("place", source="columns of the ledger's tables")
PARTITION = Label("partition", source="partitions of the input topic that are this process's")
TASK = Label("task", source="the background jobs")
TABLE = Label("table", ("outbox", "outbox_recalled", "inbox", "attempt", "address", "guarded_action", "tenant_wait"))
STATEMENT_TABLE = Label(
    "table", source="the ledger's tables, each statement by the first that it names; `other` where it names none"
)

READ_DISPOSITION = Label("disposition", ("pending", "superseded", "duplicate", "skipped"))
FINAL_DISPOSITION = Label("disposition", ("applied", "failed"))
SKIP_REASON = Label("reason", ("no_action", "external_sync_disabled", "unlisted_status"))
LETTER_REASON = Label(
    "reason",
    (
        "null_value",
        "wrong_magic",
        "oversized",
        "unknown_schema",
        "incompatible_schema",
        "undecodable",
        "invalid_content",
        "unknown_tenant",
        "unlisted_status",
        "tenant_unusable",
        "reused_id",
    ),
)
PAUSE_CAUSE = Label("cause", ("kafka", "database", "registry", "dead_letters", "fenced", "locked_rows"))
PARKING_RESULT = Label("result", ("parked", "no_room", "accepted", "skipped", "dead_letter"))
CHANGE_RESULT = Label("result", ("added", "changed", "invalid", "removed"))

STEP = Label(
    "step",
    (
        "address",
        "create",
        "licences",
        "groups",
        "admin_unit",
        "suspend",
        "reactivate",
        "sessions",
        "unit",
        "delete",
        "release",
        "rename",
        "profile",
        "password",
        "welcome",
        "notice",
    ),
)
STEP_STATE = Label("state", ("done", "failed", "held", "retryable", "unknown"))
ACTION = Label("action", ("create_account", "update_account", "suspend_account", "delete_account", "release_account"))
REASONS = (
    "throttled",
    "provider_unavailable",
    "outcome_unknown",
    "address_exhausted",
    "account_conflict",
    "account_missing",
    "account_disabled",
    "account_opened",
    "account_released",
    "change_not_visible",
    "invalid_profile",
    "invalid_date",
    "domain_not_verified",
    "org_unit_missing",
    "group_missing",
    "group_refused",
    "admin_unit_missing",
    "admin_unit_refused",
    "licence_invalid",
    "licences_exhausted",
    "quota_exceeded",
    "consent_missing",
    "credentials_invalid",
    "privileged_account",
    "synchronised_account",
    "guest_account",
    "roles_unreadable",
    "no_contact_address",
    "mail_refused",
    "credential_expired",
    "credential_unreadable",
    "credential_replaced",
    "guard_parked",
    "guard_rejected",
    "tenant_unusable",
    "dry_run",
    "unreadable_record",
    "unexpected_answer",
)
REASON = Label("reason", REASONS)
OUTCOME = Label("outcome", source=TOPIC.source)
OUTCOME_REASON = Label("reason", ("", *REASONS))
VERIFICATION = Label("found", ("sure", "marked", "late", "conflict"))
DIFFERENCE = Label(
    "kind",
    (
        "missing",
        "deleted",
        "disabled",
        "enabled",
        "stripped",
        "left_group",
        "renamed",
        "moved",
        "unmarked",
        "remarked",
        "synchronised",
        "duplicated",
        "unlinked",
        "unknown",
    ),
)

# of what waits in the ledger

WAITING_TENANT = Label(
    "tenant", source="tenants with something that waits, at most `metrics.tenants`; the others together as `other`"
)
WORK_CLASS = Label("work_class", ("urgent", "normal"))
GUARDED = Label(
    "action", ("suspend_account", "delete_account", "release_account", "remove_licences", "rename_account", "other")
)
HELD_REASON = Label("reason", (*REASONS, "other"))
UNKNOWN_PROVIDER = Label("provider", ("microsoft", "google", "other"))

# of certificates

CERTIFIED_TENANT = Label(
    "tenant", source="the 50 tenants whose certificates end first, the next one as `other`; empty for the service's own"
)
CERTIFICATE_USE = Label("use", ("microsoft", "kafka", "registry", "database"))
