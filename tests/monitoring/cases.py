"""What each alert makes of what Prometheus has scraped: when it fires, when not, what is just not enough."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitoring.objectives import OBJECTIVES

Series = Mapping[str, str]
"""By series, its values in promtool's notation, a minute apart unless `Case.step` says otherwise."""
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """With `fires` the alert is firing `at`, with these `labels`; with `quiet` and with `boundary` it is not, then or at their own times.

    `fires_on_nothing`: it does so too where Prometheus has nothing at all. Prometheus durations.
    """

    fires: Series
    quiet: Series
    boundary: Series
    at: str
    quiet_at: str | None = None
    boundary_at: str | None = None
    labels: Labels | None = None
    fires_on_nothing: bool = False
    step: str = "1m"


def _up(first: str, second: str) -> Series:
    return {'up{job="provisioner",instance="a"}': first, 'up{job="provisioner",instance="b"}': second}


def _at_both(metric: str, labels: str, first: str, second: str) -> Series:
    """The same metric at two replicas."""
    return {f'{metric}{{instance="{name}",{labels}}}': values for name, values in (("a", first), ("b", second))}


def _state(metric: str, labels: str, by: Labels, *, lasts: int, all_of: bool = False) -> Case:
    """A gauge that is 1 while something is wrong, at one replica (`all_of`: at every one) for `lasts` minutes."""
    wrong, right = f"1x{lasts + 20}", f"0x{lasts + 20}"
    return Case(
        fires=_at_both(metric, labels, wrong, wrong if all_of else right),
        quiet=_at_both(metric, labels, right, wrong if all_of else right),
        boundary=_at_both(metric, labels, wrong, wrong if all_of else right),
        at=f"{lasts + 1}m",
        boundary_at=f"{lasts - 1}m",
        labels=by,
    )


def _event(metric: str, by: Labels, *, within: int, labels: str = "", more_than: int = 0) -> Case:
    """A counter that grows, within so many minutes; the first time too, as its series begins with that."""
    at = f'{metric}{{instance="a"{"," if labels else ""}{labels}}}'
    return Case(
        fires={at: f"_x5 {more_than + 1}x{within - 10}"},
        quiet={at: f"3x{within + 20}"},
        boundary={at: f"0x5 {more_than}x{within + 20}" if more_than else f"0 1x{within + 30}"},
        at="10m",
        quiet_at=f"{within + 10}m",
        boundary_at="10m" if more_than else f"{within + 10}m",
        labels=by,
    )


def _calls(service: str, counts: Mapping[str, int]) -> Series:
    return {
        f'provisioner_vendor_call_seconds_count{{service="{service}",operation="create",outcome="{outcome}"}}': f"0+{n}x90"
        for outcome, n in counts.items()
    }


def _throttled(refused: int, calls: int) -> Series:
    refusals = 'provisioner_limit_refusals_total{tenant="t",service="google",limit="queries"}'
    return {refusals: f"0+{refused}x90", **_calls("google", {"2xx": calls})}


def _events_of(tenant: str, *weeks: str) -> Series:
    """So many events of the tenant in each of three weeks, at an hour of a weekday; samples half an hour apart."""
    return {f'provisioner_events_total{{tenant="{tenant}",disposition="pending"}}': " ".join(weeks)}


def _held(reason: str, students: int) -> Series:
    return {f'provisioner_held_students{{tenant="north",reason="{reason}"}}': f"{students}x90"}


def _above(metric: str, labels: str, most: int, *, lasts: int, by: Labels) -> Case:
    """A gauge that may be at most so high."""
    at = f'{metric}{{instance="a",{labels}}}'
    return Case(
        fires={at: f"{most + 1}x{lasts + 10}"},
        quiet={at: f"1x{lasts + 10}"},
        boundary={at: f"{most}x{lasts + 10}"},
        at=f"{lasts + 2}m",
        labels=by,
    )


def _expires(fires: float, quiet: float, boundary: int) -> Case:
    """A certificate that ends so many days after two hours have passed; `boundary` is measured when it begins to be too few."""
    at = 'provisioner_certificate_expiry_timestamp_seconds{tenant="north",use="microsoft"}'

    def ends(days: float) -> Series:
        return {at: f"{7200 + round(days * 86_400)}x150"}

    return Case(
        fires=ends(fires),
        quiet=ends(quiet),
        boundary=ends(boundary),
        at="2h",
        labels={"tenant": "north", "use": "microsoft"},
    )


_WEEK = 2 * 24 * 7
_BUSY, _STILL = f"0+20x{_WEEK - 1}", f"{20 * (_WEEK - 1)}x{_WEEK - 1}"
_GOING_ON = f"{20 * _WEEK}+20x{_WEEK - 1}"
_THEN_STILL = f"{40 * _WEEK}x{_WEEK - 1}"
_THEN_BUSY = f"{40 * _WEEK}+20x{_WEEK - 1}"

CASES: Mapping[str, Case] = {
    "NoReplica": Case(
        fires=_up("0x10", "0x10"),
        quiet=_up("1x10", "0x10"),
        boundary=_up("1 1 0x10", "0x10"),
        at="3m",
        boundary_at="3m",
        fires_on_nothing=True,
    ),
    "ReplicaDown": Case(
        fires=_up("0x30", "1x30"),
        quiet=_up("1x30", "1x30"),
        boundary=_up("0x30", "1x30"),
        at="16m",
        boundary_at="14m",
        labels={"job": "provisioner", "instance": "a"},
    ),
    "DatabaseUnavailable": _state(
        "provisioner_database_unavailable", 'loop="intake"', {"loop": "intake"}, lasts=5, all_of=True
    ),
    "IntakePaused": _state("provisioner_intake_paused", 'cause="registry"', {"cause": "registry"}, lasts=10),
    "IntakeStuck": Case(
        fires={"provisioner_intake_age_seconds": "301x20"},
        quiet={"provisioner_intake_age_seconds": "2x20"},
        boundary={"provisioner_intake_age_seconds": "300x20"},
        at="10m",
    ),
    "LedgerBehind": _event("provisioner_ledger_behind_total", {}, within=10),
    "DeadLetters": _event(
        "provisioner_dead_letters_total", {"reason": "undecodable"}, within=60, labels='reason="undecodable"'
    ),
    "EventsParked": _state("provisioner_parked_records", "", {}, lasts=5),
    "LockedStudents": _state("provisioner_intake_locked_events", "", {}, lasts=15),
    "TenantSilent": Case(
        fires=_events_of("north", _BUSY, _GOING_ON, _THEN_STILL),
        quiet=_events_of("north", _BUSY, _GOING_ON, _THEN_BUSY),
        boundary=_events_of("north", _STILL, _STILL, _STILL),
        at="18d",
        labels={"tenant": "north"},
        step="30m",
    ),
    "TenantUnusable": _state("provisioner_tenant_unusable", 'tenant="north"', {"tenant": "north"}, lasts=10),
    "TenantFileInvalid": _state("provisioner_tenant_file_invalid", 'tenant="north"', {"tenant": "north"}, lasts=10),
    "TenantsFolderUnreadable": _state("provisioner_tenants_dir_unreadable", "", {}, lasts=10),
    "CertificateExpires": _expires(29, 31, 30),
    "CertificateExpiresSoon": _expires(0.5, 2, 1),
    "SuspensionsWait": _above(
        "provisioner_due_oldest_seconds", 'tenant="north",work_class="urgent"', 300, lasts=2, by={}
    ),
    "StudentsWait": _above(
        "provisioner_due_oldest_seconds",
        'tenant="north",work_class="normal"',
        3600,
        lasts=5,
        by={"tenant": "north"},
    ),
    "StudentsHeld": Case(
        fires=_held("consent_missing", 3),
        quiet=_held("guard_parked", 3),
        boundary=_held("consent_missing", 3),
        at="61m",
        boundary_at="59m",
        labels={"tenant": "north", "reason": "consent_missing"},
    ),
    "ActionsParked": Case(
        fires={'provisioner_parked_actions{tenant="north",action="suspend_account"}': "30x10"},
        quiet={'provisioner_parked_actions{tenant="north",action="suspend_account"}': "0x10"},
        boundary={'provisioner_parked_actions{tenant="north",action="suspend_account"}': "0 30x10"},
        at="2m",
        boundary_at="1m",
        labels={"tenant": "north", "action": "suspend_account"},
    ),
    "StepsUnknown": _above(
        "provisioner_unknown_steps_oldest_seconds", 'provider="google"', 7200, lasts=5, by={"provider": "google"}
    ),
    "OverviewOld": Case(
        fires={"provisioner_overview_timestamp_seconds": "60x60"},
        quiet={"provisioner_overview_timestamp_seconds": "0+60x60"},
        boundary={"provisioner_overview_timestamp_seconds": "60x60"},
        at="25m",
        boundary_at="20m",
    ),
    "RecordsUnreadable": _event(
        "provisioner_unreadable_records_total", {"place": "step.name"}, within=60, labels='place="step.name"'
    ),
    "AccountsInConflict": _event(
        "provisioner_verifications_total",
        {"provider": "google"},
        within=60,
        labels='provider="google",found="conflict"',
    ),
    "PasswordsExpired": _event("provisioner_credentials_expired_total", {}, within=60),
    "VendorFailing": Case(
        fires=_calls("google", {"2xx": 10, "5xx": 20, "unknown": 5}),
        quiet={
            **_calls("google", {"2xx": 40, "4xx": 20, "5xx": 2}),
            **_calls("google/licences", {"2xx": 10, "5xx": 30}),
        },
        boundary=_calls("google", {"2xx": 20, "5xx": 15, "not_sent": 5}),
        at="40m",
        labels={"service": "google"},
    ),
    "VendorThrottles": Case(
        fires=_throttled(10, 100),
        quiet=_throttled(1, 100),
        boundary=_throttled(5, 100),
        at="80m",
        labels={"service": "google"},
    ),
    "OutcomesUnpublished": Case(
        fires={"provisioner_outbox_age_seconds": "301x20"},
        quiet={"provisioner_outbox_age_seconds": "2x20"},
        boundary={"provisioner_outbox_age_seconds": "300x20"},
        at="10m",
    ),
    "RelayWithoutLeader": Case(
        fires=_at_both("provisioner_leading", 'loop="outbound"', "0x20", "0x20"),
        quiet=_at_both("provisioner_leading", 'loop="outbound"', "0x20", "1x20"),
        boundary=_at_both("provisioner_leading", 'loop="outbound"', "0x20", "0x20"),
        at="6m",
        boundary_at="4m",
    ),
    "MaintenanceWithoutLeader": Case(
        fires=_at_both("provisioner_leading", 'loop="maintenance"', "0x90", "0x90"),
        quiet=_at_both("provisioner_leading", 'loop="maintenance"', "0x90", "1x90"),
        boundary=_at_both("provisioner_leading", 'loop="maintenance"', "0x90", "0x90"),
        at="61m",
        boundary_at="59m",
    ),
    "FencedWrites": _event(
        "provisioner_fenced_writes_total", {"loop": "outbound"}, within=60, labels='loop="outbound"', more_than=20
    ),
}


def _share_late(name: str, late: float, *, steps: int) -> Series:
    """A hundred thousand a step, of which this share is late."""
    (objective,) = [one for one in OBJECTIVES if one.name == name]
    metric, labels = objective.metric, objective.labels
    bucket = f'{labels}{"," if labels else ""}le="{objective.within}.0"'
    return {
        f"{metric}_count{{{labels}}}": f"0+100000x{steps}",
        f"{metric}_bucket{{{bucket}}}": f"0+{round(100000 * (1 - late))}x{steps}",
    }


def objective_cases(name: str, target: float) -> Mapping[str, Case]:
    """Of both alerts of this objective; the slower of two rates is the one that is just not enough."""
    budget = 1 - target
    return {
        f"{name}Slow": Case(
            fires=_share_late(name, 20 * budget, steps=120),
            quiet=_share_late(name, 0, steps=120),
            boundary=_share_late(name, 5.9 * budget, steps=120),
            at="100m",
        ),
        f"{name}SlowForLong": Case(
            fires=_share_late(name, 4 * budget, steps=200),
            quiet=_share_late(name, 0, steps=200),
            boundary=_share_late(name, 0.9 * budget, steps=200),
            at="2d",
            step="15m",
        ),
    }
