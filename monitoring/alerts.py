"""The alerts. In the order of an event's way; objectives have theirs besides.

One module, however long: a list that is read as a whole.
"""

from collections.abc import Sequence

from monitoring.alert import Alert, Severity
from monitoring.objectives import OBJECTIVES

_PAGE, _TICKET = Severity

_HOT = 'service!="google/licences"'

_CERTIFICATE = "min by (tenant, use) (provisioner_certificate_expiry_timestamp_seconds) - time()"


def _happened(counter: str, window: str, *, by: str = "", more_than: int = 0) -> str:
    """PromQL: the counter has grown within this window. A series begins with its first event, which `increase` does not see."""
    summed = f"sum by ({by})" if by else "sum"
    return (
        f"{summed} (increase({counter}[{window}])) > {more_than}"
        f" or {summed} ({counter} unless {counter} offset {window}) > {more_than}"
    )


JOB = "provisioner"
"""The name under which Prometheus scrapes the replicas; a job of another name is replaced in the files."""

ALERTS: Sequence[Alert] = (
    # the service
    Alert(
        name="NoReplica",
        severity=_PAGE,
        when=f'absent(up{{job="{JOB}"}} == 1)',
        lasts="2m",
        summary="No replica of the service answers: nothing is read, provisioned or published.",
    ),
    Alert(
        name="ReplicaDown",
        severity=_TICKET,
        when=f'up{{job="{JOB}"}} == 0',
        lasts="15m",
        summary="Replica {{ $labels.instance }} has not answered for a quarter of an hour; the others do its work.",
    ),
    Alert(
        name="DatabaseUnavailable",
        severity=_PAGE,
        when="min by (loop) (provisioner_database_unavailable) == 1",
        lasts="5m",
        summary="No replica's loop {{ $labels.loop }} reaches PostgreSQL.",
    ),
    # intake
    Alert(
        name="IntakePaused",
        severity=_PAGE,
        when="max by (cause) (provisioner_intake_paused) == 1",
        lasts="10m",
        summary="Events are not read, because of {{ $labels.cause }}.",
    ),
    Alert(
        name="IntakeStuck",
        severity=_PAGE,
        when="max(provisioner_intake_age_seconds) > 300",
        lasts="5m",
        summary="Intake does not get on: the oldest event that was read has waited for {{ $value | humanizeDuration }}.",
    ),
    Alert(
        name="LedgerBehind",
        severity=_PAGE,
        when=_happened("provisioner_ledger_behind_total", "10m"),
        lasts="0m",
        summary="The ledger is older than what was read: a backup was restored, or a standby without the newest commits took over.",
    ),
    Alert(
        name="DeadLetters",
        severity=_TICKET,
        when=_happened("provisioner_dead_letters_total", "1h", by="reason"),
        lasts="0m",
        summary="Records went to the dead-letter topic in the last hour, as {{ $labels.reason }}.",
    ),
    Alert(
        name="EventsParked",
        severity=_TICKET,
        when="sum(provisioner_parked_records) > 0",
        lasts="5m",
        summary="Events wait for the file of a tenant that is not configured, and become dead letters when it does not come.",
    ),
    Alert(
        name="LockedStudents",
        severity=_TICKET,
        when="sum(provisioner_intake_locked_events) > 0",
        lasts="15m",
        summary="Events wait because another transaction keeps their students' rows locked.",
    ),
    Alert(
        name="TenantSilent",
        severity=_TICKET,
        when=(
            "(sum by (tenant) (increase(provisioner_events_total[2h] offset 1w)) > 20"
            " and sum by (tenant) (increase(provisioner_events_total[2h] offset 2w)) > 20)"
            " unless sum by (tenant) (increase(provisioner_events_total[2h])) > 0"
        ),
        lasts="15m",
        summary="Tenant {{ $labels.tenant }} has sent no event for two hours, at a time at which it did in the last two weeks.",
    ),
    # tenants
    Alert(
        name="TenantUnusable",
        severity=_TICKET,
        when="max by (tenant) (provisioner_tenant_unusable) == 1",
        lasts="10m",
        summary="The students of tenant {{ $labels.tenant }} are held: its file, secret, key or certificates cannot be used.",
    ),
    Alert(
        name="TenantFileInvalid",
        severity=_TICKET,
        when="max by (tenant) (provisioner_tenant_file_invalid) == 1",
        lasts="10m",
        summary="The newest file of tenant {{ $labels.tenant }} is not in force, as it is not valid.",
    ),
    Alert(
        name="TenantsFolderUnreadable",
        severity=_TICKET,
        when="max(provisioner_tenants_dir_unreadable) == 1",
        lasts="10m",
        summary="The folder with the tenants' files cannot be read or is empty; all tenants stay as they were.",
    ),
    Alert(
        name="CertificateExpires",
        severity=_TICKET,
        when=f"{_CERTIFICATE} < 30 * 86400",
        lasts="1h",
        summary="The certificate of tenant {{ $labels.tenant }} expires in {{ $value | humanizeDuration }}.",
    ),
    Alert(
        name="CertificateExpiresSoon",
        severity=_PAGE,
        when=f"{_CERTIFICATE} < 86400",
        lasts="1h",
        summary="The certificate of tenant {{ $labels.tenant }} expires in {{ $value | humanizeDuration }}; then its students are held.",
    ),
    # provisioning
    Alert(
        name="SuspensionsWait",
        severity=_PAGE,
        when='max(provisioner_due_oldest_seconds{work_class="urgent"}) > 300',
        lasts="2m",
        summary="A suspension or deletion has been due for {{ $value | humanizeDuration }}, and no replica works it.",
    ),
    Alert(
        name="StudentsWait",
        severity=_TICKET,
        when='max by (tenant) (provisioner_due_oldest_seconds{work_class="normal"}) > 3600',
        lasts="5m",
        summary="A student of tenant {{ $labels.tenant }} has been due for {{ $value | humanizeDuration }}, and no replica works them.",
    ),
    Alert(
        name="StudentsHeld",
        severity=_TICKET,
        when='sum by (tenant, reason) (provisioner_held_students{reason!="guard_parked"}) > 0',
        lasts="1h",
        summary="{{ $value }} students of tenant {{ $labels.tenant }} wait for a person, because of {{ $labels.reason }}.",
    ),
    Alert(
        name="ActionsParked",
        severity=_TICKET,
        when="sum by (tenant, action) (provisioner_parked_actions) > 0",
        lasts="1m",
        summary="The guard has parked {{ $value }} actions {{ $labels.action }} of tenant {{ $labels.tenant }}: a person must decide.",
    ),
    Alert(
        name="StepsUnknown",
        severity=_TICKET,
        when="max by (provider) (provisioner_unknown_steps_oldest_seconds) > 7200",
        lasts="5m",
        summary="For {{ $value | humanizeDuration }} it has not been found out whether a call to {{ $labels.provider }} was carried out.",
    ),
    Alert(
        name="OverviewOld",
        severity=_TICKET,
        when="time() - max(provisioner_overview_timestamp_seconds) > 900",
        lasts="5m",
        summary="What waits in the ledger was last counted {{ $value | humanizeDuration }} ago: the alerts about it are blind.",
    ),
    Alert(
        name="RecordsUnreadable",
        severity=_TICKET,
        when=_happened("provisioner_unreadable_records_total", "1h", by="place"),
        lasts="0m",
        summary="Records of the ledger were set aside, as this version cannot read {{ $labels.place }}.",
    ),
    Alert(
        name="AccountsInConflict",
        severity=_TICKET,
        when=_happened('provisioner_verifications_total{found="conflict"}', "1h", by="provider"),
        lasts="0m",
        summary="An account at {{ $labels.provider }} is not what the ledger has, and a person must look.",
    ),
    Alert(
        name="PasswordsExpired",
        severity=_TICKET,
        when=_happened("provisioner_credentials_expired_total", "1h"),
        lasts="0m",
        summary="Passwords were destroyed because their welcome mail could not be sent in time.",
    ),
    Alert(
        name="VendorFailing",
        severity=_PAGE,
        # The License Manager refuses a used-up quota with 503, which `VendorThrottles` reports: no account waits for it.
        when=(
            f'sum by (service) (rate(provisioner_vendor_call_seconds_count{{outcome=~"5xx|not_sent|unknown",{_HOT}}}[10m]))'
            f" / (sum by (service) (rate(provisioner_vendor_call_seconds_count{{{_HOT}}}[10m])) > 0.05) > 0.5"
        ),
        lasts="10m",
        summary="{{ $value | humanizePercentage }} of the calls to {{ $labels.service }} fail, for all tenants together.",
    ),
    Alert(
        name="VendorThrottles",
        severity=_TICKET,
        when=(
            "sum by (service) (rate(provisioner_limit_refusals_total[30m]))"
            " / (sum by (service) (rate(provisioner_vendor_call_seconds_count[30m])) > 0.05) > 0.05"
        ),
        lasts="30m",
        summary="{{ $labels.service }} throttles {{ $value | humanizePercentage }} of the calls: the configured limits are above its own.",
    ),
    # outbound
    Alert(
        name="OutcomesUnpublished",
        severity=_PAGE,
        when="max(provisioner_outbox_age_seconds) > 300",
        lasts="5m",
        summary="The oldest outcome has waited for {{ $value | humanizeDuration }} to be published: subscribers get nothing.",
    ),
    Alert(
        name="RelayWithoutLeader",
        severity=_PAGE,
        when='max(provisioner_leading{loop="outbound"}) == 0',
        lasts="5m",
        summary="No replica leads the relay: outcomes are not published.",
    ),
    # the rest
    Alert(
        name="MaintenanceWithoutLeader",
        severity=_TICKET,
        when='max(provisioner_leading{loop="maintenance"}) == 0',
        lasts="1h",
        summary="No replica leads maintenance: nothing is deleted whose time is over, and reconciliations do not start.",
    ),
    Alert(
        name="FencedWrites",
        severity=_TICKET,
        when=_happened("provisioner_fenced_writes_total", "1h", by="loop", more_than=20),
        lasts="0m",
        summary="Writes of the loop {{ $labels.loop }} are rejected again and again, as another process has taken over.",
    ),
    *(alert for objective in OBJECTIVES for alert in objective.alerts()),
)
