"""The dashboard of the service: is it healthy, what waits, where is the bottleneck?"""

from consumer.observe import catalogue as c
from monitoring.alerts import ALERTS, JOB
from monitoring.dashboards.annotations import annotations
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panel import Look, Panel, Query, Thresholds, Unit
from monitoring.dashboards.query import added, happened, most, quantile, rate, series
from monitoring.objective import Objective
from monitoring.objectives import OBJECTIVES

_, _ACCOUNTS, _SUSPENSIONS, _MAILS = OBJECTIVES
_FIRING = f'ALERTS{{alertstate="firing",alertname=~"{"|".join(alert.name for alert in ALERTS)}"}}'
_NONE = f"0 * {most(c.OVERVIEW_AT)}"
"""Where nothing waits there is no series: 0, as long as it is measured."""
_URGENT = 'work_class="urgent"'
_HELD = 'reason!="guard_parked"'


def _name(objective: Objective) -> str:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in objective.name).strip()


_HEALTH = Row(
    "Is it healthy?",
    (
        Panel(
            title="Replicas",
            sees="How many replicas Prometheus can scrape.",
            act="With none, nothing is read, provisioned or published. With fewer than you run, the others do the work.",
            queries=[Query(f'sum(up{{job="{JOB}"}})')],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=2, act=1, below=True),
            runbooks=["NoReplica", "ReplicaDown"],
            width=3,
            height=5,
        ),
        Panel(
            title="Alerts that fire",
            sees="How many of this service's alerts fire now, by severity.",
            act="A page is for now, a ticket for the next working day. Alertmanager names them, and each leads to its runbook.",
            queries=[
                Query(f'count({_FIRING[:-1]},severity="page"}}) or vector(0)', "pages"),
                Query(f'count({_FIRING[:-1]},severity="ticket"}}) or vector(0)', "tickets"),
            ],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
            thresholds=Thresholds(act=1),
            width=4,
            height=5,
        ),
        Panel(
            title="In time, over three days",
            sees="The share of each objective that was in time: "
            + ", ".join(f"{100 * one.target:g} % of {one.what} within {one.time}" for one in OBJECTIVES)
            + ". Nothing is shown where there was nothing to do.",
            act="Below its objective, look at the row of objectives for when the budget was spent, and at the last row for what by.",
            queries=[Query(f"1 - {one.recorded('3d')}", _name(one)) for one in OBJECTIVES],
            unit=Unit.SHARE,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=0.995, act=0.99, below=True),
            runbooks=["IntakeSlowForLong", "AccountsSlowForLong", "SuspensionsSlowForLong", "WelcomeMailsSlowForLong"],
            width=6,
            height=5,
        ),
        Panel(
            title="Oldest suspension due",
            sees="For how long the oldest suspension or deletion could be worked and is not.",
            act="Beyond 5 minutes a leaver can still sign in: see what the replicas are busy with in the last row.",
            queries=[Query(f"{most(c.DUE_OLDEST, where=_URGENT)} or {_NONE}")],
            unit=Unit.SECONDS,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=60, act=300),
            runbooks=["SuspensionsWait"],
            width=4,
            height=5,
        ),
        Panel(
            title="Students held",
            sees="How many students wait for a person, without those whom the guard has parked.",
            act="The row below says for which reason; each has its remedy in docs/events.md.",
            queries=[Query(f"{added(c.HELD_STUDENTS, where=_HELD)} or {_NONE}")],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=1),
            runbooks=["StudentsHeld"],
            width=3,
            height=5,
        ),
        Panel(
            title="Oldest unpublished outcome",
            sees="How far subscribers are behind.",
            act="When it rises, no relay publishes: see the dashboard of Kafka and the ledger.",
            queries=[Query(most(c.OUTBOX_AGE))],
            unit=Unit.SECONDS,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=60, act=300),
            runbooks=["OutcomesUnpublished"],
            width=4,
            height=5,
        ),
    ),
)

_OBJECTIVES = Row(
    "Are the objectives met?",
    (
        Panel(
            title="How fast the error budgets are spent",
            sees="The share of late ones in the last hour, as a multiple of what the objective allows: at 1 the budget lasts exactly.",
            act="Above 14.4 for an hour, or 6 for six, a person is paged. Nothing is shown for an hour in which there was nothing to do.",
            queries=[Query(f"{one.recorded('1h')} / {1 - one.target:.6g}", _name(one)) for one in OBJECTIVES],
            unit=Unit.TIMES,
            thresholds=Thresholds(look=6, act=14.4),
            runbooks=["IntakeSlow", "AccountsSlow", "SuspensionsSlow", "WelcomeMailsSlow"],
            width=12,
        ),
        Panel(
            title="From the event to the account",
            sees="How long new students wait for an account: half of them less than p50, one in a hundred more than p99.",
            act="Where one provider alone is slow, see the dashboard of vendors; where both are, the last row.",
            queries=[
                Query(quantile(0.5, c.TIME_TO_ACCOUNT, "provider"), "p50 {{provider}}"),
                Query(quantile(0.99, c.TIME_TO_ACCOUNT, "provider"), "p99 {{provider}}"),
            ],
            unit=Unit.SECONDS,
            thresholds=Thresholds(act=_ACCOUNTS.within),
            runbooks=["AccountsSlow"],
            width=12,
        ),
        Panel(
            title="From the event to the blocked sign-in",
            sees="How long leavers can still sign in.",
            act="Suspensions overtake creations: if they are slow all the same, their vendor is, or the guard has parked them.",
            queries=[
                Query(quantile(0.5, c.TIME_TO_CHANGE, "provider", where=_SUSPENSIONS.labels), "p50 {{provider}}"),
                Query(quantile(0.99, c.TIME_TO_CHANGE, "provider", where=_SUSPENSIONS.labels), "p99 {{provider}}"),
            ],
            unit=Unit.SECONDS,
            thresholds=Thresholds(act=_SUSPENSIONS.within),
            runbooks=["SuspensionsSlow"],
            width=12,
        ),
        Panel(
            title="From the event to the welcome mail",
            sees="How long new students wait until the mail service has accepted the mail with their password.",
            act="It is the wait for the account, and then for Mailgun: compare it with the panel above it.",
            queries=[Query(quantile(0.5, c.TIME_TO_WELCOME), "p50"), Query(quantile(0.99, c.TIME_TO_WELCOME), "p99")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(act=_MAILS.within),
            runbooks=["WelcomeMailsSlow"],
            width=12,
        ),
    ),
)

_WAITING = Row(
    "What waits?",
    (
        Panel(
            title="Students who are due",
            sees="Students who could be worked now and are not; `urgent` are suspensions and deletions.",
            act="A backlog that shrinks is an intake at work. One that grows needs a look at the last row.",
            queries=[Query(added(c.DUE_STUDENTS, "work_class"), "{{work_class}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
        ),
        Panel(
            title="For how long the oldest is due",
            sees="The age of the backlog. It also rises while a tenant's vendor is left alone after refusals.",
            act="Beyond an hour see which tenant it is, and its dashboard.",
            queries=[Query(most(c.DUE_OLDEST, "work_class"), "{{work_class}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=300, act=3600),
            runbooks=["SuspensionsWait", "StudentsWait"],
        ),
        Panel(
            title="Tenants with most students due",
            sees="Whose backlog it is. `other` are those beyond `metrics.tenants`, together.",
            act="A click on a tenant leads to its dashboard.",
            queries=[Query(f"topk(10, {added(c.DUE_STUDENTS, 'tenant')})")],
            unit=Unit.COUNT,
            look=Look.TABLE,
            columns=["tenant"],
        ),
        Panel(
            title="Students held, by reason",
            sees="Students who wait for a person. `guard_parked` wait for a decision.",
            act="The reason says what is wanted of whom: docs/events.md has the remedies. Holds end within the hour after the remedy.",
            queries=[Query(added(c.HELD_STUDENTS, "reason"), "{{reason}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
            thresholds=Thresholds(look=1),
            runbooks=["StudentsHeld"],
        ),
        Panel(
            title="For how long the oldest is held",
            sees="A hold that no one looks at rises in a straight line.",
            act="Ask the school's administrators again.",
            queries=[Query(most(c.HELD_OLDEST, "reason"), "{{reason}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=86_400, act=7 * 86_400),
            runbooks=["StudentsHeld"],
        ),
        Panel(
            title="Actions that the guard has parked",
            sees="What was stopped because there was so much of it.",
            act="`provisioner guard list` names the students: a person approves or rejects them.",
            queries=[Query(added(c.PARKED_ACTIONS, "tenant", "action"), "{{tenant}}: {{action}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["ActionsParked"],
        ),
        Panel(
            title="Oldest step of which nothing is known",
            sees="How long ago the attempt was over of which it is not known yet whether it was carried out.",
            act="Verifications follow by themselves; beyond two hours the vendor cannot be asked.",
            queries=[Query(most(c.UNKNOWN_OLDEST, "provider"), "{{provider}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=3600, act=7200),
            runbooks=["StepsUnknown"],
        ),
        Panel(
            title="Age of these numbers",
            sees="When what waits in the ledger was last measured; one replica does so every `metrics.every` seconds.",
            act="Beyond 15 minutes this row says nothing: the replica that leads maintenance has stopped, or cannot read.",
            queries=[Query(f"time() - {most(c.OVERVIEW_AT)}", "age")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=300, act=900),
            runbooks=["OverviewOld"],
        ),
        Panel(
            title="Tenants whose configuration cannot be used",
            sees="`unusable`: their students are held. `file not in force`: the newest file is not valid, and the last good one counts.",
            act="Run `provisioner config check`, and correct what it names.",
            queries=[
                Query(f"sum({most(c.TENANT_UNUSABLE, 'tenant')})", "unusable"),
                Query(f"sum({most(c.TENANT_FILE_INVALID, 'tenant')})", "file not in force"),
            ],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["TenantUnusable", "TenantFileInvalid"],
        ),
    ),
)

_BOTTLENECK = Row(
    "Where is the bottleneck?",
    (
        Panel(
            title="Through the three loops",
            sees="Events read that ask for something, events settled, outcomes published, a second. One event may have several outcomes.",
            act="Where less is settled than read for long, provisioning is the bottleneck; where outcomes alone stop, the relay is.",
            queries=[
                Query(rate(c.EVENTS, where='disposition="pending"'), "read"),
                Query(rate(c.SETTLED), "settled"),
                Query(rate(c.PUBLISHED), "published"),
            ],
            unit=Unit.EACH_SECOND,
        ),
        Panel(
            title="Students in work",
            sees="How many of `provisioning.concurrency` slots each replica uses.",
            act="All slots in use and a backlog: see what they wait for in the next two panels; where it is neither, add replicas.",
            queries=[Query(added(c.IN_WORK, "instance"), "{{instance}}")],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Waits for vendors' limits, p95",
            sees="How long steps wait for their turn within a vendor's limits.",
            act="Seconds during an intake are normal: the limit is what an intake takes its time from. Ask the vendor for more.",
            queries=[Query(quantile(0.95, c.LIMIT_WAIT_SECONDS, "service"), "{{service}}")],
            unit=Unit.SECONDS,
        ),
        Panel(
            title="Vendor calls, p95",
            sees="How long vendors take to answer.",
            act="Where one is slow, see the dashboard of vendors.",
            queries=[Query(quantile(0.95, c.VENDOR_CALL_SECONDS, "service"), "{{service}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=2.5, act=10),
            runbooks=["VendorFailing"],
        ),
        Panel(
            title="Event loop lag, p99",
            sees="How late a replica's event loop gives a task its turn.",
            act="Above 0.1 s the processor is too slow for `provisioning.concurrency`: lower it, or add replicas.",
            queries=[Query(quantile(0.99, c.EVENT_LOOP_LAG, "instance"), "{{instance}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=0.1, act=0.5),
        ),
        Panel(
            title="Connections in use",
            sees="The share of each replica's database pool that is in use.",
            act="All of it for minutes: calls wait for a connection. Raise `database.pool_size`, or find out why statements are slow.",
            queries=[
                Query(f"{series(c.DATABASE_CONNECTIONS)} / {series(c.DATABASE_CONNECTIONS_MOST)}", "{{instance}}"),
            ],
            unit=Unit.SHARE,
            thresholds=Thresholds(look=0.8, act=0.95),
        ),
        Panel(
            title="Loops that are led",
            sees="Whether some replica leads each loop that runs in one replica at a time.",
            act="Without a leader for minutes, the loop runs nowhere.",
            queries=[Query(most(c.LEADING, "loop"), "{{loop}}")],
            unit=Unit.STATE,
            look=Look.STATES,
            thresholds=Thresholds(act=1, below=True),
            runbooks=["RelayWithoutLeader", "MaintenanceWithoutLeader"],
            width=6,
        ),
        Panel(
            title="Loops without the database",
            sees="Which loops cannot reach PostgreSQL, in any replica.",
            act="One replica alone: its network. All of them: the database.",
            queries=[Query(most(c.DATABASE_UNAVAILABLE, "loop"), "{{loop}}")],
            unit=Unit.STATE,
            look=Look.STATES,
            thresholds=Thresholds(act=1),
            runbooks=["DatabaseUnavailable"],
            width=6,
        ),
        Panel(
            title="Trouble that loops recover from",
            sees="Errors by loop and kind, in each interval.",
            act="Single ones are nothing. A kind that returns is a dependency that fails, or a defect: the log has it.",
            queries=[Query(happened(c.LOOP_FAULTS, "loop", "fault"), "{{loop}}: {{fault}}")],
            unit=Unit.COUNT,
            width=6,
        ),
        Panel(
            title="Versions that run",
            sees="How many replicas run each version.",
            act="Two versions side by side are an upgrade. If they stay, it has stopped halfway.",
            queries=[Query(f"count by (version) ({series(c.BUILD_INFO)})")],
            unit=Unit.COUNT,
            look=Look.TABLE,
            columns=["version"],
            width=6,
        ),
    ),
)

SERVICE = Dashboard(
    uid="provisioner-service",
    title="Provisioner: the service",
    question="Is it healthy? What waits? Where is the bottleneck?",
    rows=(_HEALTH, _OBJECTIVES, _WAITING, _BOTTLENECK),
    annotations=annotations(),
)
