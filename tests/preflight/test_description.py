"""Every request of a check is one that the vendor describes, and takes no more than the service or docs/vendors.md asks for."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from consumer.http.answer import Answer
from consumer.http.client import Call, HttpClient
from consumer.http.deadline import Deadline
from consumer.preflight import google, mailgun, microsoft
from consumer.preflight.asking import Asker
from consumer.preflight.judgement.google import DOMAIN_SCOPE
from consumer.preflight.judgement.microsoft import ONLY_FOR_CHECKS
from consumer.providers.factory import open_tokens
from consumer.providers.google.scopes import LICENSING
from consumer.providers.google.tokens import SCOPES
from consumer.providers.microsoft.directory import PERMISSIONS
from consumer.providers.tokens import TokenSource
from consumer.secrets import opener
from consumer.tenants import GoogleSection, MicrosoftSection, Rule
from sandbox.simulators.vendors import EDUCATION_PLUS
from tests.contracts.described import GOOGLE, GOOGLE_LICENSING, GRAPH, GRAPH_PERMISSIONS, MAILGUN, described
from tests.preflight.installation import Installation

NEEDS_NO_PERMISSION = ("openid-configuration", "userrealm")
"""Entra's public metadata: "OpenID Connect on the Microsoft identity platform", and MSAL's `user_realm_discovery`."""


class Recording:
    """Keeps `Http`, and remembers what it was asked."""

    def __init__(self, http: HttpClient) -> None:
        self.calls: list[Call] = []
        self._http = http

    async def send(self, call: Call, *, timeout: float) -> Answer:
        """See the port."""
        self.calls.append(call)
        return await self._http.send(call, timeout=timeout)


@pytest.fixture
async def calls(installation: Installation) -> Mapping[str, Sequence[Call]]:
    """By vendor."""
    (tenant,) = installation.world.tenants(installation.server)
    tenant = tenant.model_copy(update={"rules": (*tenant.rules, Rule(licences=(EDUCATION_PLUS,)))})
    assert tenant.microsoft is not None
    assert tenant.google is not None
    assert tenant.mailgun is not None
    open_secret = opener({})
    key = open_secret(tenant.mailgun.api_key)

    def tokens(section: MicrosoftSection | GoogleSection, scopes: Sequence[str] | None = None) -> TokenSource:
        return open_tokens(section, open_secret=open_secret, scopes=scopes)

    async with HttpClient(ca_file=tenant.google.ca_file) as http:
        recordings = {name: Recording(http) for name in ("microsoft", "google", "mailgun")}
        askers = {name: Asker(name, recording, Deadline(20)) for name, recording in recordings.items()}
        await microsoft.look(tenant, tenant.microsoft, askers["microsoft"], tokens(tenant.microsoft))
        google_section = tenant.google
        await google.look(
            tenant, google_section, askers["google"], lambda scopes: tokens(google_section, scopes), client_id=None
        )
        await mailgun.look(tenant.mailgun, askers["mailgun"], api_key=key, lookup_key=key, regions={})
    return {name: recording.calls for name, recording in recordings.items()}


def path(call: Call) -> str:
    return urlsplit(call.url).path


def query(call: Call) -> Mapping[str, list[str]]:
    return parse_qs(urlsplit(call.url).query)


async def test_graph_is_asked_only_what_microsoft_describes(calls: Mapping[str, Sequence[Call]]) -> None:
    asked = [call for call in calls["microsoft"] if not any(part in call.url for part in NEEDS_NO_PERMISSION)]
    operations = {described(path(call).removeprefix("/v1.0"), GRAPH["paths"]) for call in asked}
    assert operations == {"/users", "/groups/{id}", "/subscribedSkus"}
    for call in asked:
        template = described(path(call).removeprefix("/v1.0"), GRAPH["paths"])
        known: Mapping[str, Any] = GRAPH["paths"][template]["get"]
        names = {one.get("name", one.get("$ref", "").rpartition("/")[2]) for one in known["parameters"]}
        assert (call.method, query(call).keys() - names) == ("GET", set())


@pytest.mark.parametrize(("where", "kind"), [("/groups/", "group"), ("/subscribedSkus", "subscribedSku")])
async def test_only_properties_that_graph_s_objects_have_are_asked_for(
    calls: Mapping[str, Sequence[Call]], where: str, kind: str
) -> None:
    properties = GRAPH["components"]["schemas"][f"microsoft.graph.{kind}"]["properties"]
    asked = [call for call in calls["microsoft"] if where in path(call)]
    assert asked
    for call in asked:
        assert set(query(call)["$select"][0].split(",")) <= {*properties, "id"}


async def test_permissions_that_the_service_has_anyway_open_graph_but_for_licences(
    calls: Mapping[str, Sequence[Call]],
) -> None:
    """By Microsoft's table. Groups: "list groups, read basic properties" is how GroupMember.ReadWrite.All is described."""
    for call in calls["microsoft"]:
        if any(part in call.url for part in NEEDS_NO_PERMISSION):
            assert "Authorization" not in call.headers
            continue
        rows = {row.partition(" ")[2] for row in GRAPH_PERMISSIONS if row.startswith("GET ")}
        row = f"GET {described(path(call).removeprefix('/v1.0'), rows)}"
        granted = {*PERMISSIONS, *ONLY_FOR_CHECKS} if "subscribedSkus" in call.url else {*PERMISSIONS}
        assert granted & GRAPH_PERMISSIONS[row].keys() or row == "GET /groups/{id}"


async def test_google_is_asked_only_what_its_discovery_document_describes(
    calls: Mapping[str, Sequence[Call]],
) -> None:
    methods = {
        f"/{method['path']}": method
        for resource in (*GOOGLE["resources"].values(), *GOOGLE_LICENSING["resources"].values())
        for method in resource.get("methods", {}).values()
        if method["httpMethod"] == "GET"
    }
    asked = {described(unquote(path(call)), methods) for call in calls["google"]}
    assert {methods[template]["id"] for template in asked} == {
        "directory.users.list",
        "directory.users.get",
        "licensing.licenseAssignments.listForProductAndSku",
        "directory.members.list",
        "directory.domains.get",
    }
    for call in calls["google"]:
        method = methods[described(unquote(path(call)), methods)]
        assert query(call).keys() <= {*method["parameters"], *GOOGLE["parameters"]}
        assert {*SCOPES, *LICENSING, DOMAIN_SCOPE} & set(method["scopes"])
        assert call.method == "GET"


async def test_mailgun_is_asked_only_what_its_description_knows(calls: Mapping[str, Sequence[Call]]) -> None:
    asked = {(call.method, described(path(call), MAILGUN["paths"])) for call in calls["mailgun"]}
    assert asked == {
        ("POST", "/v3/{domain_name}/messages"),
        ("GET", "/v4/domains/{name}"),
        ("GET", "/v3/{domain_name}/events"),
    }
    assert all(not call.content for call in calls["mailgun"])
