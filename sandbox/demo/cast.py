"""Who plays: three institutions, and vendors in the moods that real ones have."""

from collections.abc import Sequence

from consumer.events import Provider
from sandbox.simulators.temper import Answer, Latency, LoseAnswer, Refuse, Rule
from sandbox.simulators.vendors import Institution

INSTITUTIONS = (
    Institution("north-high", "North High School", (Provider.MICROSOFT,), ("el", "en")),
    Institution("harbour-college", "Harbour College", (Provider.GOOGLE,)),
    Institution("south-academy", "South Academy", (Provider.MICROSOFT, Provider.GOOGLE), ("el", "en")),
)

UNLUCKY = "north-high"
"""The institution one of whose students has a name that its vendor will not take."""

_REFUSED = '{"error":{"code":"Request_BadRequest","message":"Invalid value specified for property \'surname\' of resource \'User\'."}}'
_BUSY = '{"error":{"code":"TooManyRequests","message":"Please retry again later."}}'


def moods(*unlucky: str) -> Sequence[Rule]:
    """A few answers are lost after the deed, a few calls refused or throttled; all take their time.

    `unlucky`: texts by which the creation is known that its vendor will never carry out.
    """
    rules = [
        Rule(route="*", temper=Latency(low=0.01, high=0.06)),
        Rule(route="graph.users.create", temper=LoseAnswer(), first=4),
        Rule(route="directory.users.insert", temper=LoseAnswer(), first=3),
        Rule(
            route="graph.users.assignLicense",
            temper=Answer(status=429, body=_BUSY, headers={"Retry-After": "1.5"}),
            first=2,
        ),
        Rule(route="mailgun.messages.send", temper=LoseAnswer(), first=2),
        Rule(route="directory.members.insert", temper=Refuse(), chance=0.02),
    ]
    if unlucky:
        # Before the others: of several tempers that would answer, the first does.
        rules.insert(0, Rule(route="graph.users.create", temper=Answer(status=400, body=_REFUSED), containing=unlucky))
    return rules
