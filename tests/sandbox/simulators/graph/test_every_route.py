"""Every route of Graph stands in Microsoft's description, or on a page that is named here."""

from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.http import handlers
from sandbox.simulators.graph.permissions import ALLOWING
from tests.contracts.described import GRAPH, described
from tests.sandbox.simulators.graph.served import Graph

PAGES = {
    "graph.users.memberships": "List a user's memberships (direct and transitive)",
    "graph.users.roles": "List a user's memberships (direct and transitive): a cast in the path",
    "graph.users.count": "Advanced query capabilities on Microsoft Entra ID objects: $count in the path",
    "graph.groups.members": "List group members",
    "graph.groups.join": "Add members",
    "graph.groups.leave": "Remove member",
    "graph.units.join": "Add members (administrativeUnit): an existing one",
    "graph.units.leave": "Remove a member (administrativeUnit)",
    "graph.roles.assignments": "List unifiedRoleAssignments",
    "graph.roles.eligibilities": "List roleEligibilityScheduleInstances",
}
"""The cut description has neither references nor roles; the type's segment of deleted items it leaves out."""


def routes(api: GraphApi) -> dict[str, tuple[str, str]]:
    """Method and path of Graph's own, by name; of paths that mean the same, the last."""
    return {name: (method.lower(), path) for name, method, path in handlers(api) if name.startswith("graph.")}


def test_every_route_is_described(graph: Graph) -> None:
    undescribed = list[str]()
    for name, (method, path) in routes(graph.api).items():
        ours = path.removeprefix("/v1.0").removesuffix("/graph.user")
        known = [template for template, operations in GRAPH["paths"].items() if method in operations]
        if name not in PAGES and described(ours, GRAPH["paths"]) not in known:
            undescribed.append(name)

    assert undescribed == []


def test_every_route_has_its_permissions(graph: Graph) -> None:
    assert routes(graph.api).keys() == {*ALLOWING, "graph.batch"}, "each item of a batch needs its own route's"


def test_every_page_is_of_a_route(graph: Graph) -> None:
    assert PAGES.keys() <= routes(graph.api).keys()
