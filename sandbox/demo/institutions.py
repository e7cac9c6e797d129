"""The demo's three institutions, and the faults of their simulated vendors."""

from collections.abc import Sequence
from dataclasses import replace

from consumer.events import Provider
from consumer.tenants import Deletion, OnChange, Rename
from sandbox.simulators.faults import Answer, FaultRule, Latency, LoseAnswer, Refuse
from sandbox.simulators.vendors import Institution

DELETION_DATE = "leaves_on"
"""The attribute with the date before which no account is deleted."""
INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,), ("el", "en")),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,)),
    Institution("south-academy", "South Academy", (Provider.MICROSOFT, Provider.GOOGLE), ("el", "en")),
)

SCHOOL = "harbour-college"
"""The institution whose year is followed after the intake."""
FOLLOWED = tuple(
    replace(
        one,
        on_change=OnChange.FOLLOW,
        rename=Rename.ALIAS,
        deletion=Deletion(grace=2 / 86_400, date_attribute=DELETION_DATE),
    )
    if one.id == SCHOOL
    else one
    for one in INSTITUTIONS
)
"""The same institutions; at that one, accounts follow the rules, and deletions come two seconds later."""

UNLUCKY = "north-high"
"""The institution one of whose students has a name that its vendor will not take."""

_REFUSED = '{"error":{"code":"Request_BadRequest","message":"Invalid value specified for property \'surname\' of resource \'User\'."}}'
_BUSY = '{"error":{"code":"TooManyRequests","message":"Please retry again later."}}'


def in_a_quiet_time() -> Sequence[FaultRule]:
    """No faults, and the usual latency."""
    return [FaultRule(route="*", fault=Latency(low=0.01, high=0.06))]


def faults(*unlucky: str) -> Sequence[FaultRule]:
    """Some responses are lost after the write, some calls are refused or throttled; every call has latency.

    `unlucky`: texts by which the creation is known that its vendor will never carry out.
    """
    rules = [
        *in_a_quiet_time(),
        FaultRule(route="graph.users.create", fault=LoseAnswer(), first=4),
        FaultRule(route="directory.users.insert", fault=LoseAnswer(), first=3),
        FaultRule(
            route="graph.users.assignLicense",
            fault=Answer(status=429, body=_BUSY, headers={"Retry-After": "1.5"}),
            first=2,
        ),
        FaultRule(route="mailgun.messages.send", fault=LoseAnswer(), first=2),
        FaultRule(route="directory.members.insert", fault=Refuse(), chance=0.02),
    ]
    if unlucky:
        # Before the others: of several faults that would answer, the first does.
        rules.insert(
            0, FaultRule(route="graph.users.create", fault=Answer(status=400, body=_REFUSED), containing=unlucky)
        )
    return rules
