"""The dashboard of vendors: quotas, latency, errors, throttling, breakers, limits."""

from consumer.observe import catalogue as c
from consumer.observe import labels
from monitoring.dashboards.annotations import annotations
from monitoring.dashboards.dashboard import Dashboard, Row, Variable
from monitoring.dashboards.panel import Look, Panel, Query, Thresholds, Unit
from monitoring.dashboards.query import RANGE, added, happened, most, quantile, rate

_CHOSEN = 'service=~"$service"'
_FAILED = f'{_CHOSEN},outcome=~"5xx|not_sent|unknown"'
_ANSWERED_WITH_AN_ERROR = f'{_CHOSEN},outcome!~"1xx|2xx|3xx"'
_SOME = "> 0.05"
"""Fewer calls a second than this make no share."""


def _share(part: str, of: str) -> str:
    return f"{part} / ({of} {_SOME})"


_STATE = Row(
    "How are the vendors?",
    (
        Panel(
            title="Calls",
            sees="Calls a second to each vendor.",
            act="None while students are due: the tenants wait for their vendors, see the row of waits.",
            queries=[Query(rate(c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN), "{{service}}")],
            unit=Unit.EACH_SECOND,
            look=Look.NUMBERS,
            width=6,
            height=5,
        ),
        Panel(
            title="Calls that fail, of the last 10 minutes",
            sees="The share of calls with an answer 5xx, that were not sent, or of which nothing is known, for all tenants together.",
            act="Above a half a person is paged. Students wait and are tried again by themselves.",
            queries=[
                Query(
                    _share(
                        rate(c.VENDOR_CALL_SECONDS, "service", where=_FAILED, window="10m"),
                        rate(c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN, window="10m"),
                    ),
                    "{{service}}",
                )
            ],
            unit=Unit.SHARE,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=0.1, act=0.5),
            runbooks=["VendorFailing"],
            width=6,
            height=5,
        ),
        Panel(
            title="Calls throttled, of the last 30 minutes",
            sees="The share of calls that a vendor refused because a limit was used up.",
            act="Above 5 % for half an hour the configured limits are above the vendor's own.",
            queries=[
                Query(
                    _share(
                        rate(c.LIMIT_REFUSALS, "service", where=_CHOSEN, window="30m"),
                        rate(c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN, window="30m"),
                    ),
                    "{{service}}",
                )
            ],
            unit=Unit.SHARE,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=0.01, act=0.05),
            runbooks=["VendorThrottles"],
            width=6,
            height=5,
        ),
        Panel(
            title="Latency, p95",
            sees="How long the vendor takes for all but one in twenty calls.",
            act="Compare with what it usually is in the row of latency: the vendors' own status pages often know.",
            queries=[Query(quantile(0.95, c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN), "{{service}}")],
            unit=Unit.SECONDS,
            look=Look.NUMBERS,
            thresholds=Thresholds(look=2.5, act=10),
            width=6,
            height=5,
        ),
    ),
)

_CALLS = Row(
    "What do they answer?",
    (
        Panel(
            title="Calls, by what came of them",
            sees="Calls a second: `not_sent` never reached the vendor, of `unknown` it is not known whether they were carried out.",
            act="4xx are answers of the trade (taken, not found, not yet there). 5xx, `not_sent` and `unknown` are trouble.",
            queries=[
                Query(rate(c.VENDOR_CALL_SECONDS, "service", "outcome", where=_CHOSEN), "{{service}}: {{outcome}}")
            ],
            unit=Unit.EACH_SECOND,
            look=Look.AREAS,
            width=12,
        ),
        Panel(
            title="Share that fails",
            sees="The share of 5xx, `not_sent` and `unknown`.",
            act="One vendor alone: its outage. All at once: the way out, such as the proxy or DNS.",
            queries=[
                Query(
                    _share(
                        rate(c.VENDOR_CALL_SECONDS, "service", where=_FAILED),
                        rate(c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN),
                    ),
                    "{{service}}",
                )
            ],
            unit=Unit.SHARE,
            thresholds=Thresholds(look=0.1, act=0.5),
            runbooks=["VendorFailing"],
            width=12,
        ),
        Panel(
            title="Answers that are no success, by request",
            sees="Which requests a vendor refuses or fails most often, a second, and how.",
            act="The log has the vendor's code and request id for each: `provisioner student show` has them for one student.",
            queries=[
                Query(
                    f"topk(15, {rate(c.VENDOR_CALL_SECONDS, 'service', 'operation', 'outcome', where=_ANSWERED_WITH_AN_ERROR)})"
                )
            ],
            unit=Unit.EACH_SECOND,
            look=Look.TABLE,
            columns=["service", "operation", "outcome"],
            width=12,
        ),
        Panel(
            title="Steps, by result",
            sees="Attempts at steps a second: `retryable` were not carried out, `held` wait for a person.",
            act="Many that are `retryable` are a vendor that refuses; many that are `unknown` a vendor that does not answer.",
            queries=[Query(rate(c.STEPS, "provider", "state"), "{{provider}}: {{state}}")],
            unit=Unit.EACH_SECOND,
            width=12,
        ),
    ),
)

_LATENCY = Row(
    "How long do they take?",
    (
        Panel(
            title="Latency",
            sees="How long calls take, from sending the request to reading the response.",
            act="A p99 at the call's deadline is a vendor that hangs: `provisioning.call_timeout`.",
            queries=[
                Query(quantile(0.5, c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN), "p50 {{service}}"),
                Query(quantile(0.99, c.VENDOR_CALL_SECONDS, "service", where=_CHOSEN), "p99 {{service}}"),
            ],
            unit=Unit.SECONDS,
            thresholds=Thresholds(look=2.5, act=10),
            width=12,
        ),
        Panel(
            title="Slowest requests, p95",
            sees="The kinds of requests that take longest.",
            act="One kind alone, such as a search, is often a large directory; all kinds of one vendor are the vendor.",
            queries=[
                Query(f"topk(15, {quantile(0.95, c.VENDOR_CALL_SECONDS, 'service', 'operation', where=_CHOSEN)})"),
            ],
            unit=Unit.SECONDS,
            look=Look.TABLE,
            thresholds=Thresholds(look=2.5, act=10),
            columns=["service", "operation"],
            width=12,
        ),
    ),
)

_LIMITS = Row(
    "Are their limits used up?",
    (
        Panel(
            title="Waits for a turn within the limits",
            sees="How long steps waited so that the service keeps to a vendor's limits.",
            act="Seconds during an intake are normal: the limit is in use. What a vendor grants beyond it goes into the tenant's `limits`.",
            queries=[
                Query(quantile(0.5, c.LIMIT_WAIT_SECONDS, "service", where=_CHOSEN), "p50 {{service}}"),
                Query(quantile(0.95, c.LIMIT_WAIT_SECONDS, "service", where=_CHOSEN), "p95 {{service}}"),
            ],
            unit=Unit.SECONDS,
        ),
        Panel(
            title="Calls over a limit",
            sees="Calls that a vendor refused because a limit was used up, in each interval.",
            act="Some at the start of an intake are normal. If they continue, see which tenants in the next row.",
            queries=[Query(happened(c.LIMIT_REFUSALS, "service", "limit", where=_CHOSEN), "{{service}}: {{limit}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=10),
            runbooks=["VendorThrottles"],
        ),
        Panel(
            title="Quota in use",
            sees="The tenants that are nearest to a limit, as the vendor last reported it: Graph does from 0.8 on.",
            act="At 1 it refuses. Ask the school which other application uses its quota.",
            queries=[
                Query(f"topk(10, {most(c.LIMIT_USED, 'tenant', 'service', where=_CHOSEN)})", "{{tenant}}: {{service}}")
            ],
            unit=Unit.SHARE,
            thresholds=Thresholds(look=0.8, act=1),
        ),
    ),
)

_WAITS = Row(
    "Who is left waiting?",
    (
        Panel(
            title="Tenants had to wait",
            sees="Refusals, rate limits and open breakers that made a whole tenant wait, in each interval.",
            act="One vendor for all tenants: its outage. One tenant alone: its consent, credentials or limit.",
            queries=[Query(happened(c.TENANT_WAITS, "service", where=_CHOSEN), "{{service}}")],
            unit=Unit.COUNT,
        ),
        Panel(
            title="Tenants that had to wait most",
            sees="How often each had to, in the time that the dashboard shows.",
            act="A click leads to the tenant's dashboard; `provisioner tenant waits` names the vendor's answer.",
            queries=[Query(f"topk(10, {happened(c.TENANT_WAITS, 'tenant', 'service', where=_CHOSEN, window=RANGE)})")],
            unit=Unit.COUNT,
            look=Look.TABLE,
            columns=["tenant", "service"],
        ),
        Panel(
            title="Steps of which nothing is known",
            sees="Steps that may or may not have been carried out, and whose account was not verified since.",
            act="They are verified by themselves (`provisioning.verify_after`). If they stay, the vendor cannot be asked.",
            queries=[Query(added(c.UNKNOWN_STEPS, "provider"), "{{provider}}")],
            unit=Unit.COUNT,
            thresholds=Thresholds(look=1),
            runbooks=["StepsUnknown"],
        ),
        Panel(
            title="Verifications, by what was found",
            sees="`sure`: the account is what the ledger has. `marked`: it lacked our marker. `late`: a lost call had created it.",
            act="Only `conflict` needs a person: the account is not what the ledger has, and no replica may write to it.",
            queries=[Query(happened(c.VERIFICATIONS, "provider", "found"), "{{provider}}: {{found}}")],
            unit=Unit.COUNT,
            runbooks=["AccountsInConflict"],
            thresholds=Thresholds(),
        ),
        Panel(
            title="Passwords that expired",
            sees="Sealed passwords that were destroyed because their welcome mail could not be sent in time, in each interval.",
            act="Each is a student whose account has a password that no one was sent: set one by hand.",
            queries=[Query(happened(c.CREDENTIALS_EXPIRED), "passwords")],
            unit=Unit.COUNT,
            thresholds=Thresholds(act=1),
            runbooks=["PasswordsExpired"],
        ),
        Panel(
            title="New holds",
            sees="Times a student was put on hold, by provider and reason, in each interval.",
            act="A burst with one reason is a school's setting or a pool that is empty: docs/events.md has the remedies.",
            queries=[Query(f"topk(10, {happened(c.HELD, 'provider', 'reason')})", "{{provider}}: {{reason}}")],
            unit=Unit.COUNT,
        ),
    ),
)

VENDORS = Dashboard(
    uid="provisioner-vendors",
    title="Provisioner: vendors",
    question="Do Microsoft, Google and Mailgun keep up, and how near are their limits?",
    rows=(_STATE, _CALLS, _LATENCY, _LIMITS, _WAITS),
    annotations=annotations(),
    variables=(Variable(labels.SERVICE, c.VENDOR_CALL_SECONDS, several=True),),
)
