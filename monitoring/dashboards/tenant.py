"""The dashboard of one tenant: how does the school's intake week get on?"""

from consumer.observe import catalogue as c
from consumer.observe import labels
from monitoring.dashboards.annotations import annotations
from monitoring.dashboards.dashboard import Dashboard, Row, Variable
from monitoring.dashboards.panel import Look, Panel, Query, Thresholds, Unit
from monitoring.dashboards.query import RANGE, added, happened, most, series

_TENANT = 'tenant="$tenant"'
_FAILED = f'{_TENANT},reason!=""'
_NONE = f"0 * {most(c.OVERVIEW_AT)}"
"""Where nothing waits there is no series: 0, as long as it is measured."""

_IN_THE_WAY = Row(
    "Is anything in its way?",
    (
        Panel(
            title="Configuration",
            sees="`unusable`: the tenant's students are held. `file not in force`: its newest file is not valid.",
            act="Run `provisioner config check`, and correct what it names.",
            queries=[
                Query(f"{most(c.TENANT_UNUSABLE, where=_TENANT)} or vector(0)", "unusable"),
                Query(f"{most(c.TENANT_FILE_INVALID, where=_TENANT)} or vector(0)", "file not in force"),
            ],
            unit=Unit.STATE,
            look=Look.NUMBERS,
            thresholds=Thresholds(act=1),
            runbooks=["TenantUnusable", "TenantFileInvalid"],
            width=6,
            height=5,
        ),
        Panel(
            title="Students due",
            sees="How many of the school's students could be worked now and are not.",
            act="During an intake it falls as fast as the vendor's limits allow: 10,000 accounts take about 20 minutes.",
            queries=[Query(f"{added(c.DUE_STUDENTS, where=_TENANT)} or {_NONE}")],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
            width=3,
            height=5,
        ),
        Panel(
            title="Oldest student due",
            sees="For how long the oldest of them has waited. It also rises while the tenant's vendor is left alone after refusals.",
            act="`provisioner tenant waits` names what the tenant waits for; `provisioner tenant resume` ends the waits.",
            queries=[Query(f"{most(c.DUE_OLDEST, where=_TENANT)} or {_NONE}")],
            unit=Unit.SECONDS,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=900, act=3600),
            runbooks=["StudentsWait"],
            width=4,
            height=5,
        ),
        Panel(
            title="Students held",
            sees="How many of the school's students wait for a person.",
            act="The row of waits says why; each reason has its remedy in docs/events.md.",
            queries=[Query(f"{added(c.HELD_STUDENTS, where=_TENANT)} or {_NONE}")],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=1),
            runbooks=["StudentsHeld"],
            width=3,
            height=5,
        ),
        Panel(
            title="Actions parked",
            sees="How many actions the guard has parked until a person decides.",
            act="`provisioner guard list` names the students; `approve` or `reject` them with the school.",
            queries=[Query(f"{added(c.PARKED_ACTIONS, where=_TENANT)} or {_NONE}")],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=1),
            runbooks=["ActionsParked"],
            width=3,
            height=5,
        ),
        Panel(
            title="Certificate ends in",
            sees="The time until the tenant's client certificate ends. A tenant without one shows nothing.",
            act="Renew it in good time: when it has ended, all students of the tenant are held.",
            queries=[Query(f"min by (use) ({series(c.CERTIFICATE_ENDS, _TENANT)}) - time()", "{{use}}")],
            unit=Unit.SECONDS,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=30 * 86_400, act=86_400, below=True),
            runbooks=["CertificateExpires", "CertificateExpiresSoon"],
            width=5,
            height=5,
        ),
    ),
)

_INTAKE = Row(
    "How far is the intake?",
    (
        Panel(
            title="Events of the SIS",
            sees="Events in each interval: `pending` ask for something, `skipped` for nothing, `duplicate` and `superseded` are old.",
            act="None at all in a week with school: ask the school's SIS. Only skipped ones: see the next panel.",
            queries=[Query(happened(c.EVENTS, "disposition", where=_TENANT), "{{disposition}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
            thresholds=Thresholds(),
            runbooks=["TenantSilent"],
        ),
        Panel(
            title="Events that do nothing",
            sees="Why events need no action, in each interval.",
            act="`unlisted_status` after a change at the SIS: add the status to `statuses` in the tenant's file.",
            queries=[Query(happened(c.SKIPS, "reason", where=_TENANT), "{{reason}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
        ),
        Panel(
            title="Reported downstream, in all",
            sees="Outcomes by topic in the time that the dashboard shows; repeats count again.",
            act="Compare `account-provisioned` with the number of students that the school expects.",
            queries=[Query(happened(c.OUTCOMES, "outcome", where=_TENANT, window=RANGE), "{{outcome}}")],
            unit=Unit.COUNT,
            look=Look.NUMBERS,
        ),
        Panel(
            title="Students due, by class",
            sees="The school's backlog; `urgent` are suspensions and deletions.",
            act="A straight line down is an intake at the vendor's limit. A level one stands still: see the row of vendors.",
            queries=[Query(added(c.DUE_STUDENTS, "work_class", where=_TENANT), "{{work_class}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
        ),
        Panel(
            title="Settled",
            sees="Events that reached their end, in each interval.",
            act="`failed` ones have a reason in the next row.",
            queries=[Query(happened(c.SETTLED, "disposition", where=_TENANT), "{{disposition}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
        ),
        Panel(
            title="Outcomes",
            sees="What is reported downstream, in each interval.",
            act="`account-provisioned` without `welcome-email-status`: the mails wait, see the dashboard of vendors for Mailgun.",
            queries=[Query(happened(c.OUTCOMES, "outcome", where=_TENANT), "{{outcome}}")],
            unit=Unit.COUNT,
        ),
    ),
)

_WAITS = Row(
    "Who waits, and why?",
    (
        Panel(
            title="Students held, by reason",
            sees="Students who wait for a person.",
            act="Do what the reason wants (docs/events.md), then end the tenant's waits: `provisioner tenant resume`.",
            queries=[Query(added(c.HELD_STUDENTS, "reason", where=_TENANT), "{{reason}}")],
            unit=Unit.COUNT,
            look=Look.AREAS,
            thresholds=Thresholds(look=1),
            runbooks=["StudentsHeld"],
        ),
        Panel(
            title="For how long the oldest is held",
            sees="A hold that no one looks at rises in a straight line.",
            act="Ask the school's administrators again.",
            queries=[Query(most(c.HELD_OLDEST, "reason", where=_TENANT), "{{reason}}")],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=86_400, act=7 * 86_400),
            runbooks=["StudentsHeld"],
        ),
        Panel(
            title="Reported with a reason, in all",
            sees="Why accounts are not as their status wants them, in the time that the dashboard shows.",
            act="The most frequent reason is the one to end: `provisioner student show` tells one student's story.",
            queries=[Query(f"topk(12, {happened(c.OUTCOMES, 'reason', where=_FAILED, window=RANGE)})")],
            unit=Unit.COUNT,
            look=Look.TABLE,
            columns=["reason"],
        ),
        Panel(
            title="Actions that the guard has parked",
            sees="What was stopped because there was so much of it, by kind.",
            act="`provisioner guard list` names the students: a person approves or rejects them.",
            queries=[Query(added(c.PARKED_ACTIONS, "action", where=_TENANT), "{{action}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["ActionsParked"],
            width=12,
        ),
        Panel(
            title="Accounts that differ from the ledger",
            sees="What the newest reconciliation found, by provider and kind.",
            act="`provisioner reconcile` lists the accounts; `--repair` has set right what may be.",
            queries=[Query(most(c.RECONCILIATION_FINDINGS, "provider", "kind", where=_TENANT))],
            unit=Unit.COUNT,
            look=Look.TABLE,
            columns=["provider", "kind"],
            width=12,
        ),
    ),
)

_VENDORS = Row(
    "Do its vendors hold it up?",
    (
        Panel(
            title="The whole tenant had to wait",
            sees="Refusals and rate limits that made all of the tenant's students wait, in each interval.",
            act="Some during an intake are normal. Without an end, `provisioner tenant waits` names the vendor and its answer.",
            queries=[Query(happened(c.TENANT_WAITS, "service", where=_TENANT), "{{service}}")],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Calls over a limit",
            sees="Calls that a vendor refused because a limit was used up, in each interval.",
            act="If they continue, another application uses the limit too, or it is lower than configured: `limits` in the tenant's file.",
            queries=[Query(happened(c.LIMIT_REFUSALS, "service", "limit", where=_TENANT), "{{service}}: {{limit}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=10),
            runbooks=["VendorThrottles"],
        ),
        Panel(
            title="Share of the limit in use",
            sees="As the vendor last reported it: Graph does from 0.8 on.",
            act="At 1 it refuses: another application of the school may use the rest.",
            queries=[Query(most(c.LIMIT_USED, "service", where=_TENANT), "{{service}}")],
            unit=Unit.SHARE,
            thresholds=Thresholds(look=0.8, act=1),
        ),
    ),
)

TENANT = Dashboard(
    uid="provisioner-tenant",
    title="Provisioner: a tenant",
    question="How does this school's intake week get on, and what is in its way?",
    rows=(_IN_THE_WAY, _INTAKE, _WAITS, _VENDORS),
    annotations=annotations(_TENANT),
    variables=(Variable(labels.TENANT, c.EVENTS),),
    since="now-7d",
)
