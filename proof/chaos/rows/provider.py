"""Provider: Graph and Google answer late, wrongly, or not at all. What is in their directories beforehand has its own module."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

from consumer.errors import Reason
from consumer.events import AccountProvisioningFailed
from proof.chaos.experiment import Experiment
from proof.chaos.row import BOOK
from proof.chaos.rows.departures import enrol, gone, leave, leavers
from proof.chaos.rows.directories import BOTH, entra
from proof.chaos.rows.injected import moody
from proof.chaos.rows.schools import A_THOUSAND, served, slow_ones
from proof.chaos.rows.students import people, reasons, settled
from sandbox.simulators.faults import Answer, DoLate, FaultRule, Latency, LoseAnswer, Refuse
from sandbox.simulators.google.quirks import GoogleQuirks
from sandbox.simulators.graph.quirks import GraphQuirks
from sandbox.simulators.vendors import SKU, Quirks

CREATIONS = ("graph.users.create", "directory.users.insert")
_VENDORS = ("graph.*", "directory.*")
_NORTH, _HARBOUR = "north-high", "harbour-college"
_OPENS_WITHIN = 30.0
"""Seconds, at most: shorter windows scale it down."""
_SLOW, _LESS_SLOW = 30.0, 8.0
"""Seconds, longer than a call may take: in the long and the short form."""
_SERVED_WITHIN = 30.0
_PROBES = 6
"""A minute and tenant, over all replicas."""
_TOKENS = 3


@BOOK.row(34, "created, and the answer is lost", expected="1 account; the first password works")
async def answer_lost(experiment: Experiment) -> None:
    rules = [FaultRule(route=route, fault=LoseAnswer(), chance=0.5) for route in CREATIONS]
    await moody(experiment, *rules, fault="answer lost")


@BOOK.row(35, "not created, and no answer", expected="1 account")
async def not_created(experiment: Experiment) -> None:
    rules = [FaultRule(route=route, fault=Refuse(), chance=0.4) for route in CREATIONS]
    slow = [FaultRule(route=route, fault=Latency(low=2, high=4), chance=0.3) for route in CREATIONS]
    await moody(experiment, *slow, *rules, fault="call cut off")


@BOOK.row(
    36,
    "created, suspended, deleted or released long after our time-out",
    expected="1 account, as the newest event wants it",
    heals_within=180,
)
async def created_late(experiment: Experiment) -> None:
    those = [leavers(experiment, tenant_id, 4) for tenant_id, _ in BOTH]
    created_late, changed_late = (
        [FaultRule(route=route, fault=DoLate(seconds=experiment.late), chance=0.4) for route in routes]
        for routes in (CREATIONS, _CHANGES)
    )
    since = len(experiment.calls())
    experiment.faults(*created_late)  # when those who will leave have accounts, few others may be left to be created
    await enrol(experiment, *those)
    experiment.faults(*created_late, *changed_late)
    await leave(experiment, *those)
    await experiment.sleep()
    experiment.faults()
    await asyncio.sleep(experiment.late)  # calls are recorded when they are carried out
    late = [call for call in experiment.calls()[since:] if "fault" in call.noted]
    created = sum(call.route in CREATIONS for call in late)
    experiment.fire("late creation", created)
    experiment.fire("late change or deletion", len(late) - created)
    await gone(experiment, *those)


_CHANGES = ("graph.users.update", "graph.users.delete", "directory.users.patch", "directory.users.delete")


@BOOK.row(
    37,
    "replicas lag behind writes",
    expected="no second address, no second account",
    quirks=Quirks(
        graph=GraphQuirks(lag=15.0), google=GoogleQuirks(settling=10.0, hides_settling_ids=True, index_lag=15.0)
    ),
)
async def lag(experiment: Experiment) -> None:
    rules = [FaultRule(route=route, fault=LoseAnswer(), chance=0.3) for route in CREATIONS]
    await moody(experiment, *rules, fault="answer lost")
    experiment.fire("existing account not found", _not_found(experiment))


def _not_found(experiment: Experiment) -> int:
    """Calls that name an account by its id, and were answered that there is none, or none that is ready."""
    known: set[str] = set()
    stale = 0
    for call in experiment.calls():
        stale += call.status in {404, 412} and any(ident in call.path for ident in known)
        if call.route in CREATIONS and "object_id" in call.noted:
            known.add(call.noted["object_id"])
    return stale


_BUSY = '{"error":{"code":"TooManyRequests","message":"Please retry again later."}}'


@BOOK.row(
    41,
    "throttled: Retry-After in seconds, as a date, or missing",
    expected="0 calls of that tenant's in the time asked for, by any replica (I9)",
    heals_within=150,
)
async def throttled(experiment: Experiment) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=experiment.window / 3 + 4), usegmt=True)
    for form, time in {"seconds": f"{max(2, int(experiment.window / 3))}", "a date": date, "nothing": None}.items():
        headers = {"Retry-After": time} if time else {}
        rule = FaultRule(route="graph.*", fault=Answer(status=429, body=_BUSY, headers=headers), first=2)
        await moody(experiment, rule, fault=f"429 with {form}", share=0.4)


_QUOTA = '{"error":{"code":403,"message":"Quota exceeded.","errors":[{"domain":"usageLimits","reason":"%s","message":"Quota exceeded."}]}}'


@BOOK.row(42, "Google's 403 that means: slower", expected="treated as throttling, not as denial", heals_within=150)
async def quota(experiment: Experiment) -> None:
    for reason in ("userRateLimitExceeded", "quotaExceeded"):
        rule = FaultRule(route="directory.*", fault=Answer(status=403, body=_QUOTA % reason), first=2)
        await moody(experiment, rule, fault=reason, share=0.4)
    held = await experiment.installation.watch.count(
        "SELECT count(*) FROM step WHERE state = 'held' AND provider = 'google'"
    )
    experiment.expect(held == 0, f"{held} steps wait for a person because of a quota")


@BOOK.row(43, "500, 502, 503, 504 in 30 % of calls, half of them after the deed", expected="converges")
async def errors(experiment: Experiment) -> None:
    rules = [
        FaultRule(route=route, fault=Answer(status=status, body="", done=done), chance=0.04)
        for route in _VENDORS
        for status in (500, 502, 503, 504)
        for done in (True, False)
    ]
    await moody(experiment, *rules, fault="5xx")


@BOOK.row(
    44,
    "full outage",
    expected="breakers open in 30 s; then ≤ 6 probes a minute and tenant; drains when it is over",
    heals_within=90,
)
async def outage(experiment: Experiment) -> None:
    await experiment.settled(0.05)
    rules = [FaultRule(route=route, fault=Answer(status=503, body="")) for route in _VENDORS]
    first = len(experiment.calls())
    await moody(experiment, *rules, fault="503")
    if not experiment.full:  # breakers have hardly opened when it is over
        return
    calls = [call for call in experiment.calls()[first:] if "fault" in call.noted]
    opened = min(call.at for call in calls) + min(_OPENS_WITHIN, experiment.window / 2)
    later = [call for call in calls if call.at > opened]
    minutes = (experiment.window - min(_OPENS_WITHIN, experiment.window / 2)) / 60
    for who, count in Counter((call.service, call.noted.get("tenant")) for call in later).items():
        # A breaker in each replica: one round of probes is always possible.
        experiment.expect(
            count <= max(len(experiment.replicas), _PROBES * minutes), f"{count} probes of {who} in {minutes:.1f} min"
        )


@BOOK.row(
    45,
    "30 s for an answer, at one vendor, for 40 tenants of 1,000",
    expected="the other vendor's tenants are served meanwhile",
    arrange=A_THOUSAND,
    heals_within=180,
)
async def slow(experiment: Experiment) -> None:
    since = len(experiment.calls())
    seconds = _SLOW if experiment.full else _LESS_SLOW
    await slow_ones(experiment, seconds)
    took = await served(experiment)
    experiment.expect(took < _SERVED_WITHIN, f"the other vendor's tenants were served in {took:.0f} s")
    await experiment.sleep()
    experiment.faults()
    await asyncio.sleep(seconds)  # calls are recorded when they are finished
    late = sum(call.at - call.begun_at >= seconds for call in experiment.calls()[since:])
    experiment.fire(f"{seconds:.0f} s for an answer", late)


_EXPIRED = (
    '{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired."}}'
)


_REVOKED = (
    '{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}'
)


@BOOK.row(
    46,
    "401: the token has expired; then 403: consent was revoked",
    expected="one refresh, then on; the tenant is held, the log says so, others are served; then on",
)
async def unauthorised(experiment: Experiment) -> None:
    await experiment.settled(0.1)
    for _ in range(_TOKENS):  # one by one: a second refusal in a row would be no token's end
        rule = FaultRule(route="graph.*", fault=Answer(status=401, body=_EXPIRED), first=1)
        await moody(experiment, rule, fault="401", share=0.15)
    first = len(experiment.replicas) * sum(tenant.microsoft is not None for tenant in experiment.installation.tenants)
    asked = len(experiment.calls("entra.token"))
    experiment.expect(
        asked <= first + _TOKENS, f"{asked} tokens were asked for: {first}, and {_TOKENS} that had expired"
    )
    held = _held(experiment)
    experiment.expect(held == 0, f"{held} students wait for a person because of a token's end")
    revoked = asyncio.create_task(
        moody(experiment, FaultRule(route="graph.*", fault=Answer(status=403, body=_REVOKED)), fault="403", share=0.6)
    )
    events = [experiment.event(_NORTH, experiment.person(_NORTH, index), 1) for index in range(10)]
    other = experiment.event(_HARBOUR, experiment.person(_HARBOUR, 0), 1)
    await experiment.produce([*events, other])
    await experiment.until("the other vendor's tenant is served", lambda: experiment.applied(other), seconds=30)
    await revoked
    experiment.expect(_held(experiment) > 0, "the missing consent was not published")


def _held(experiment: Experiment) -> int:
    return sum(replica.log().count('"student_held"') for replica in experiment.replicas)


@BOOK.row(
    47,
    "200 with rubbish, half an answer, a proxy's page",
    expected="unknown, not success",
)
async def rubbish(experiment: Experiment) -> None:
    pages = ("<html>Welcome</html>", '{"id": "0', "", "[]", "null", '{"value": 7}')
    rules = [
        FaultRule(route=route, fault=Answer(status=200, body=page, done=done), chance=0.05)
        for route in (*_VENDORS, "mailgun.*")
        for page in pages
        for done in (True, False)
    ]
    await moody(experiment, *rules, fault="rubbish")


BOOK.not_run(
    50,
    "TLS and redirects that lead astray",
    expected="refused",
    why="tests/http tries each certificate, name and address by itself",
)


@BOOK.row(
    51,
    "no licences left, and students leave meanwhile",
    expected="held with the reason, and reported; who leaves is suspended, deleted or released all the same; then on",
    heals_within=180,
)
async def no_licences(experiment: Experiment) -> None:
    stock = entra(experiment, _NORTH).stock
    licences, stock[SKU] = stock[SKU], 0
    waiting, going = people(experiment, _NORTH, 4, first=50), leavers(experiment, _NORTH, 3)
    everybody = [*waiting, *(one for some in (*going.ways.values(), going.returning) for one in some)]
    idents = [one.student_id for one in everybody]
    await experiment.produce([experiment.event(_NORTH, one, 1) for one in everybody])
    exhausted = str(Reason.LICENCES_EXHAUSTED)

    async def held(those: Sequence[str]) -> bool:
        return await reasons(experiment, those, step="licences", reported=True) == dict.fromkeys(those, exhausted)

    await experiment.until("all wait for licences, and that is reported", partial(held, idents))
    experiment.fire("licence missing", len(idents))
    await leave(experiment, going)
    stays = [*(one.student_id for one in waiting), *(one.student_id for one in going.returning)]
    await gone(experiment, going)
    await experiment.until("those who stay still wait", partial(held, stays))
    stock[SKU] = licences
    await experiment.until("all who stay have what they wait for", partial(settled, experiment, stays))
    final = [
        one
        for one in await experiment.published(idents)
        if isinstance(one.outcome, AccountProvisioningFailed) and one.outcome.final
    ]
    experiment.expect(not final, f"{len(final)} outcomes say that it failed for good")
