"""Every line that this service logs: its level, its meaning and its fields. docs/logs.md is written from it.

A change of a name, or of what a field holds, is a new `VERSION`; a new line or field is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = 1
LIBRARY, LIBRDKAFKA = "library", "librdkafka"
ALWAYS: Mapping[str, str] = {
    "timestamp": "When it was logged: ISO 8601, UTC.",
    "level": "`debug`, `info`, `warning` or `error`. An error needs a person; a warning ends by itself, or is about one student.",
    "event": "The line's name.",
    "schema": f"The version of this schema: {VERSION}.",
}
OF_STUDENT: Mapping[str, str] = {
    "tenant_id": "The tenant.",
    "student_id": "The SIS's id of the student. Nothing else of a person is in any line.",
    "event_id": "The id of the event that is worked.",
    "attempt": "Which attempt in a row at this event it is, from 1.",
    "trace_id": "The W3C trace that the event came with.",
}
"""Bound once when a student is worked, and in each line that comes of it."""
OF_RECORD: Mapping[str, str] = {
    "topic": "The topic.",
    "partition": "The partition.",
    "offset": "The record's offset in it.",
    "trace_id": OF_STUDENT["trace_id"],
}
_STEP = ("provider", "step", "reason", "code")
FIELDS: Mapping[str, str] = {
    **OF_STUDENT,
    **OF_RECORD,
    "accepted": "How many events were taken in.",
    "account": "The state in which the account was found.",
    "accounts": "How many accounts the directory has with this service's marker.",
    "action": "The provider action, the guarded action, or what a failpoint does.",
    "again": "How many students were marked due.",
    "again_in": "Seconds until the next attempt.",
    "batch": "The number of the batch of outcomes.",
    "behind": "How many outcomes wait behind it.",
    "cause": "Why intake is paused: a label's value in docs/metrics.md.",
    "changed": "How many tenants' configurations differ from those of the last start.",
    "channel": "The PostgreSQL channel.",
    "client": "The Kafka client.",
    "code": "The vendor's code for its refusal.",
    "condition": "The dependency.",
    "count": "How many.",
    "counted": "How many accounts the guard has counted within its window.",
    "differences": "How many differences of each kind were found.",
    "epoch": "The epoch of the lease, or of the leadership.",
    "error": "The type of the exception, or Kafka's name of the error. Never a library's text.",
    "facility": "librdkafka's facility.",
    "group_offset": "The consumer group's offset.",
    "holds": "The services that no longer wait.",
    "in_force": "Of the file: `unchanged` while its last good version stays in force, else `none`.",
    "job": "The background job.",
    "lasted": "Seconds that the wait lasted.",
    "ledger_offset": "The offset that the ledger has.",
    "left_out": "How many accounts could not be compared.",
    "limit": "The vendor's limit.",
    "logger": "The library's logger.",
    "message": "The library's text.",
    "mistake": "What is wrong, where, and what to do.",
    "mistakes": "The same, for each mistake.",
    "newest": "The newest batch that the topics have.",
    "offsets": "For each partition, the offset from which it is read.",
    "partitions": "The partitions.",
    "pause": "Seconds until the next attempt.",
    "place": "The column that cannot be read.",
    "point": "The failpoint.",
    "points": "The failpoints that are armed.",
    "port": "The port of health and metrics.",
    "progress": "The newest batch that the ledger knows to be published.",
    "provider": "`microsoft` or `google`.",
    "question": "What the ledger was asked.",
    "read": "How many outcomes were read back.",
    "reason": "Why: a reason of docs/events.md.",
    "seconds": "For how long.",
    "seq": "The outcome's number in the outbox.",
    "service": "The vendor's service, or a part of it.",
    "since": "Seconds since it began; of a ledger that is behind, the time from which outcomes are read back.",
    "skipped": "How many events request no action.",
    "step": "The step.",
    "steps": "The steps that would be taken.",
    "students_due": "How many students are due at once.",
    "taken": "How many outcomes were recorded as published.",
    "to": "The level from now on.",
    "what_to_do": "What a person does about it.",
    "why": "Why: this service's own sentence.",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `repeats`: a loop would log it at each turn; it is logged at once, and again after a minute, with `repeated`."""

    level: str
    says: str
    fields: tuple[str, ...] = ()
    repeats: bool = False


LINES: Mapping[str, Mapping[str, Line]] = {
    "The process": {
        "started": Line("info", "All loops run.", ("port",)),
        "stopped": Line("info", "Everything has drained; the process ends."),
        "waiting_for_dependency": Line(
            "warning", "A dependency is missing at the start.", ("condition", "why"), repeats=True
        ),
        "log_level_changed": Line("warning", "By signal; see the top of this page.", ("to",)),
        "failpoints_armed": Line("warning", "Faults will be injected: never in production.", ("points",)),
        "failpoint": Line("warning", "A fault is injected.", ("point", "action")),
    },
    "Configuration": {
        "configuration_mistake": Line("error", "A mistake in a file, at the start or since.", ("mistake",)),
        "tenants_configured": Line("info", "Tenants whose files have changed since the last start.", ("changed",)),
        "tenant_added": Line("info", "A tenant's file came.", ("tenant_id",)),
        "tenant_changed": Line("info", "A tenant's file, or what it names, changed and is in force.", ("tenant_id",)),
        "tenant_removed": Line("info", "A tenant's file is gone.", ("tenant_id",)),
        "tenant_file_invalid": Line("error", "A tenant's file has mistakes.", ("tenant_id", "mistakes", "in_force")),
        "tenant_file_usable": Line("info", "Its mistakes were corrected.", ("tenant_id",)),
        "tenant_unusable": Line(
            "error", "A tenant's secrets, keys or certificates cannot be used.", ("tenant_id", "why")
        ),
        "tenant_usable": Line("info", "They can be used again.", ("tenant_id",)),
        "tenant_resumed": Line("info", "A change of the file has ended waits.", ("tenant_id", "holds", "students_due")),
        "tenants_dir_unreadable": Line("error", "The folder of tenants' files cannot be read.", ("why",)),
        "tenants_dir_readable": Line("info", "It can be read again."),
        "service_file_changed": Line("warning", "The service's own file has changed.", ("what_to_do",)),
        "reload_failed": Line("error", "A look at the files failed unexpectedly.", ("error",), repeats=True),
    },
    "Intake": {
        "partitions_assigned": Line("info", "The group gave these partitions to this replica.", ("partitions",)),
        "partitions_revoked": Line("info", "The group takes them back.", ("partitions",)),
        "partitions_lost": Line("info", "They were given to another replica.", ("partitions",)),
        "partitions_started": Line("info", "They are read from these offsets on.", ("offsets",)),
        "ledger_behind": Line(
            "warning",
            "The ledger's offset is lower than the group's: it was restored, and records are read again.",
            ("partition", "group_offset", "ledger_offset"),
        ),
        "dead_letter": Line("warning", "A record became a dead letter.", ("reason", *OF_RECORD)),
        "skip_unreadable": Line(
            "warning", "A record that does nothing could not be read in full.", ("reason", *OF_RECORD)
        ),
        "events_parked": Line("warning", "Events of unknown tenants wait for a file.", ("count",)),
        "parking_full": Line("warning", "No room to park more: they become dead letters.", ("count",)),
        "parked_events_released": Line("info", "The file came.", ("accepted", "skipped")),
        "intake_paused": Line("warning", "Intake reads nothing.", ("cause", "why")),
        "intake_resumed": Line("info", "It reads again.", ("cause",)),
        "consumer_failed": Line("warning", "The Kafka consumer failed permanently and is replaced.", ("error", "why")),
        "kafka_error": Line("warning", "Kafka reported an error that passes by itself.", ("error",), repeats=True),
        "kafka_token_unavailable": Line("warning", "No token for MSK could be made.", ("error",), repeats=True),
        "offset_commit_failed": Line("warning", "Offsets are committed later.", ("error",), repeats=True),
        "offsets_not_stored": Line("warning", "Offsets could not be stored: the records are read again.", ("why",)),
    },
    "Provisioning": {
        "student_held": Line("warning", "A student waits for a person.", (*OF_STUDENT, *_STEP)),
        "student_failed": Line("warning", "An event failed permanently.", (*OF_STUDENT, *_STEP)),
        "student_not_announced_to": Line("warning", "A deletion cannot be announced.", (*OF_STUDENT, *_STEP)),
        "student_failed_unexpectedly": Line(
            "error", "A bug; the student is tried again.", ("tenant_id", "student_id", "error")
        ),
        "student_unreadable": Line("error", "A row of a student cannot be read.", ("tenant_id", "place", "again_in")),
        "step_deferred": Line("debug", "A step is tried again soon.", (*OF_STUDENT, "provider", "step", "seconds")),
        "account_planned": Line("info", "In a dry run.", (*OF_STUDENT, "provider", "action", "account", "steps")),
        "lease_lost": Line("info", "Another replica has the student by now.", (*OF_STUDENT, "epoch")),
        "lease_abandoned": Line(
            "warning", "The ledger was unavailable for longer than the lease.", (*OF_STUDENT, "reason")
        ),
        "service_wait_began": Line(
            "warning",
            "A service of a tenant, or a part of it, is not called for a while.",
            (*OF_STUDENT, "service", "reason", "code", "why", "seconds", "since"),
        ),
        "service_wait_lasts": Line(
            "warning",
            "It still is not: a reminder.",
            (*OF_STUDENT, "service", "reason", "code", "why", "seconds", "since"),
        ),
        "service_wait_ended": Line("info", "It answers again.", (*OF_STUDENT, "service", "lasted")),
        "guard_parked": Line(
            "warning", "The guard parks what would take something away.", ("tenant_id", "action", "counted")
        ),
        "limit_not_slowed": Line(
            "debug", "The ledger did not note a vendor's refusal.", ("limit", "reason"), repeats=True
        ),
        "ledger_fault": Line(
            "error", "The ledger refused a question, unexpectedly.", ("question", "error"), repeats=True
        ),
    },
    "Outcomes and background jobs": {
        "relay_elected": Line("info", "This replica publishes outcomes.", ("epoch", "progress")),
        "relay_restarted": Line("warning", "Publishing failed and begins anew.", ("error", "pause"), repeats=True),
        "relay_producer_replaced": Line("warning", "The producer was replaced in time.", ("batch",)),
        "outcome_unreadable": Line("error", "A row of the outbox cannot be read.", ("topic", "seq", "place", "behind")),
        "ledger_behind_topics": Line(
            "warning", "The ledger was restored: outcomes are read back.", ("progress", "newest", "since")
        ),
        "recall_incomplete": Line("warning", "Some outcomes cannot be read back.", ("why",)),
        "recall_in_progress": Line("info", "Outcomes are read back.", ("read", "taken")),
        "ledger_caught_up": Line("warning", "The ledger knows all outcomes again.", ("progress", "read", "taken")),
        "leader_election_unavailable": Line("warning", "No leader can be elected now.", ("error",), repeats=True),
        "listen_connection_lost": Line("warning", "PostgreSQL's notifications stopped.", ("error",), repeats=True),
        "wakeups_polling": Line("info", "There are no notifications here.", ("seconds", "why")),
        "announcement_lost": Line("debug", "A notification was not sent; polling finds the work.", ("channel", "why")),
        "background_job_failed": Line("error", "It is tried again at its next time.", ("job", "error")),
        "background_job_postponed": Line("warning", "The ledger was unavailable.", ("job", "why"), repeats=True),
        "reconciled": Line(
            "info",
            "A nightly reconciliation ended.",
            ("tenant_id", "accounts", "left_out", "again", "differences"),
        ),
        "reconciliation_failed": Line("warning", "It is tried again.", ("tenant_id", "why", "code")),
    },
    "Libraries": {
        LIBRDKAFKA: Line(
            "info, warning or error", "A line of librdkafka's.", ("client", "facility", "message"), repeats=True
        ),
        LIBRARY: Line("warning or error", "Another library's warning.", ("logger", "message", "error")),
    },
}


def lines() -> Mapping[str, Line]:
    """By name."""
    return {name: line for section in LINES.values() for name, line in section.items()}
