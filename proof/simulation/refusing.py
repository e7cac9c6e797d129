"""What institutions get wrong and mend later: refusals of vendors, each of one scope. Bodies are in the vendors' own words."""

import json
import random
from collections.abc import Sequence

from consumer.events import Provider
from proof.simulation.faults import Spell
from proof.simulation.institutions import tenants
from proof.simulation.vendors import NetworkConditions, host
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.google import refusals as google
from sandbox.simulators.graph import refusals as graph
from sandbox.simulators.vendors import GOOGLE, GRAPH

_REFUSING = 0.3
_MENDED_AFTER = (60.0, 240.0, 900.0)


def refusing(rng: random.Random) -> Sequence[Spell]:
    """At about one seed in three, one refusal of one tenant's from the beginning on, until it is mended."""
    if rng.random() >= _REFUSING:
        return ()
    tenant = rng.choice(tenants())
    provider = rng.choice(tenant.providers)
    vendor, rules = (GRAPH, _AT_GRAPH) if provider is Provider.MICROSOFT else (GOOGLE, _AT_GOOGLE)
    rule = rng.choice(rules)
    return [Spell(0.0, rng.choice(_MENDED_AFTER), host(vendor, tenant.id), NetworkConditions(rules=(rule,)))]


def _graph(route: str, refusal: graph.Refusal) -> FaultRule:
    error = {
        name: said for name, said in refusal.body["error"].items() if name != "innerError"
    }  # which has an id of chance
    return _rule(route, refusal.status, {"error": error})


def _google(route: str, refusal: google.Refusal) -> FaultRule:
    return _rule(route, refusal.status, refusal.body())


def _rule(route: str, status: int, body: object) -> FaultRule:
    headers = {"content-type": "application/json"}
    return FaultRule(route=route, fault=Answer(status=status, body=json.dumps(body), headers=headers))


_AT_GRAPH: Sequence[FaultRule] = (
    _graph("graph.groups.join", graph.denied()),
    _graph("graph.groups.join", graph.invalid(graph.MAIL_ENABLED)),
    _graph("graph.units.join", graph.denied()),
    _graph("graph.users.assignLicense", graph.invalid("Subscription with SKU x does not have any available licenses.")),
    _graph("graph.users.create", graph.invalid(graph.UNVERIFIED)),
    _graph("graph.users.create", graph.invalid(graph.FEDERATED)),
    _graph("graph.*", graph.denied()),
    _graph("graph.roles.*", graph.denied()),
    _graph("graph.users.create", graph.Refusal(400, "Request_Novel", "An unknown refusal.")),
    _graph("graph.users.create", graph.Refusal(418, "Teapot", "An unknown refusal.")),
)
_AT_GOOGLE: Sequence[FaultRule] = (
    _google("directory.members.insert", google.forbidden()),
    _google("directory.members.insert", google.not_found("groupKey")),
    _google("directory.users.insert", google.invalid("INVALID_OU_ID")),
    _google("directory.users.insert", google.user_limit(412)),
    _google("directory.*", google.insufficient_scopes()),
    _google("licensing.*", google.insufficient_scopes()),
    _google("licensing.licenseAssignments.insert", google.precondition(google.NO_LICENCE_LEFT)),
    _google("directory.users.insert", google.Refusal(400, "novel", "An unknown refusal.")),
)
