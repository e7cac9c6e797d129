"""Microsoft's own clients drive every route of the simulator: its SDK for Graph, MSAL for tokens."""

import asyncio
import json
import random
import ssl
from collections.abc import Collection
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
import requests

from sandbox.simulators.graph.api import GraphApi
from sandbox.simulators.graph.http import handlers
from sandbox.simulators.graph.permissions import GRANTED
from sandbox.simulators.tls import Authority
from tests.contracts.elsewhere import is_there
from tests.contracts.tally import ROUTES
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.graph.served import CLIENT, GROUP, NEW, SECRET, SKU, TENANT, Graph, served

# There are thousands of generated classes, whose types nothing here needs: taken as untyped.
msal: Any = import_module("msal")
msgraph: Any = import_module("msgraph")
core: Any = import_module("msgraph_core")
information: Any = import_module("kiota_abstractions.request_information")
method: Any = import_module("kiota_abstractions.method").Method
authentication: Any = import_module("kiota_abstractions.authentication")
configuration: Any = import_module("kiota_abstractions.base_request_configuration")

UNIT = "5f0a7a6c-6a83-4c39-9b1e-0b7c1f1d2a11"
BY_MSAL = "tests/providers/microsoft/test_managed_identity.py::test_an_identity_gets_a_new_token_each_time"
ELSEWHERE = {"azure.imds": BY_MSAL, "azure.app_service": BY_MSAL}
"""Routes that a test of another place has Microsoft's client drive."""
NAMES = sorted({name for name, _, _ in handlers(GraphApi(clock=Clock(), rng=random.Random(0)))})  # noqa: S311  repeatable


def new(name: str, **properties: Any) -> Any:
    """An object of the SDK's model; `name` is its module's."""
    kind = name.rpartition(".")[2].title().replace("_", "")
    return getattr(import_module(f"msgraph.generated.{name}"), kind)(**properties)


def user(number: int) -> Any:
    return new(
        "models.user",
        account_enabled=True,
        display_name="Maria Rossi",
        mail_nickname=f"maria{number}",
        user_principal_name=f"maria{number}@academy.example",
        password_profile=new("models.password_profile", password=NEW["passwordProfile"]["password"]),
        usage_location="GR",
        employee_id=f"S{number}",
    )


def asking(builder: Any, **query: Any) -> Any:
    """Query parameters for this request builder, with the header that advanced queries need."""
    kind: Any = builder.__class__
    parameters = getattr(kind, f"{kind.__name__}GetQueryParameters")(**query)
    configured = configuration.RequestConfiguration(query_parameters=parameters)
    configured.headers.add("ConsistencyLevel", "eventual")
    return configured


async def drive(graph: Graph) -> None:
    graph.directory.units.add(UNIT)
    graph.api.tokens.permit(TENANT, CLIENT, GRANTED | {"AdministrativeUnit.ReadWrite.All"})
    await graph.sign_in()
    trusting = ssl.create_default_context(cafile=str(graph.ca_file))
    async with httpx.AsyncHTTPTransport(verify=trusting, trust_env=False) as transport:  # the SDK does not close it
        http = httpx.AsyncClient(transport=transport, headers=graph.http.headers)
        core.GraphClientFactory.create_with_default_middleware(client=http, host=graph.url)
        adapter = msgraph.GraphRequestAdapter(authentication.AnonymousAuthenticationProvider(), client=http)
        adapter.base_url = f"{graph.url}/v1.0"
        client = msgraph.GraphServiceClient(request_adapter=adapter)
        student = await enrolled(client)
        await looked_at(client, student)
        await grouped(graph, client, student)
        await licensed(client, student)
        await gone(client, student)
        await batched(adapter)
    await asyncio.to_thread(realm, graph)


async def enrolled(client: Any) -> str:
    created = await client.users.post(user(1))
    await client.users.by_user_id(created.id).patch(new("models.user", department="Year 1"))
    found = await client.users.get(asking(client.users, filter="employeeId eq 'S1'", select=["id", "department"]))
    assert [(one.id, one.department) for one in found.value] == [(created.id, "Year 1")]
    counting = configuration.RequestConfiguration()
    counting.headers.add("ConsistencyLevel", "eventual")
    assert await client.users.count.get(counting) == 1
    return created.id


async def looked_at(client: Any, student: str) -> None:
    account = client.users.by_user_id(student)
    assert (await account.get()).user_principal_name == "maria1@academy.example"
    assert (await account.transitive_member_of.get()).value == []
    roles = account.transitive_member_of.graph_directory_role
    assert (await roles.get(asking(roles, count=True))).value == []
    directory = client.role_management.directory
    for builder in (directory.role_assignments, directory.role_eligibility_schedule_instances):
        assert (await builder.get(asking(builder, filter=f"principalId eq '{student}'"))).value == []


async def grouped(graph: Graph, client: Any, student: str) -> None:
    group = client.groups.by_group_id(GROUP)
    assert (await group.get()).id == GROUP
    reference = new("models.reference_create", odata_id=f"{graph.url}/v1.0/directoryObjects/{student}")
    await group.members.ref.post(reference)
    assert [one.id for one in (await group.members.get()).value] == [student]
    await group.members.by_directory_object_id(student).ref.delete()
    await group.patch(new("models.group", additional_data={"members@odata.bind": [reference.odata_id]}))
    unit = client.directory.administrative_units.by_administrative_unit_id(UNIT)
    assert (await unit.get()).id == UNIT
    await unit.members.ref.post(reference)
    assert [one.id for one in (await unit.members.get()).value] == [student]
    await unit.members.by_directory_object_id(student).ref.delete()


async def licensed(client: Any, student: str) -> None:
    (sku,) = (await client.subscribed_skus.get()).value
    assert str(sku.sku_id) == SKU
    body = "users.item.assign_license.assign_license_post_request_body"
    licence = new("models.assigned_license", sku_id=UUID(SKU), disabled_plans=[])
    account = client.users.by_user_id(student)
    await account.assign_license.post(new(body, add_licenses=[licence], remove_licenses=[]))
    await account.assign_license.post(new(body, add_licenses=[], remove_licenses=[UUID(SKU)]))


async def gone(client: Any, student: str) -> None:
    account, deleted = client.users.by_user_id(student), client.directory.deleted_items
    assert (await account.revoke_sign_in_sessions.post()).value is True
    await account.delete()
    assert [one.id for one in (await deleted.graph_user.get()).value] == [student]
    assert (await deleted.by_directory_object_id(student).restore.post()).id == student
    await account.delete()
    await deleted.by_directory_object_id(student).delete()


async def batched(adapter: Any) -> None:
    """By the SDK's adapter: its builder of batches needs a package that it does not declare (msgraph-core 1.5.2)."""
    headers = {"Content-Type": "application/json"}
    body = {**NEW, "userPrincipalName": "maria3@academy.example"}
    create = {"id": "1", "method": "POST", "url": "/users", "headers": headers, "body": body}
    after = {"id": "2", "method": "GET", "url": "/users?$select=id", "dependsOn": ["1"]}
    asked = information.RequestInformation(method.POST, "{+baseurl}/$batch", {})
    asked.set_stream_content(json.dumps({"requests": [create, after]}).encode(), "application/json")
    answer = json.loads(await adapter.send_primitive_async(asked, "bytes", {}))
    assert {one["id"]: one["status"] for one in answer["responses"]} == {"1": 201, "2": 200}


def realm(graph: Graph) -> None:
    with requests.Session() as session:
        session.trust_env, session.verify = False, str(graph.ca_file)
        application = msal.ConfidentialClientApplication(
            CLIENT,
            authority=f"{graph.url}/{TENANT}",
            client_credential=SECRET,
            instance_discovery=False,
            http_client=session,
        )
        application.authority.instance = urlsplit(graph.url).netloc  # it has lost the port
        assert application.authority.user_realm_discovery("maria1@academy.example")["account_type"] == "Managed"


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> Collection[str]:
    """The routes on which Microsoft's clients were served."""

    async def played() -> Collection[str]:
        async with served(Authority(tmp_path_factory.mktemp("authority"))) as graph:
            await drive(graph)
            return {entry.route for entry in graph.audit.entries() if entry.status < 300}

    return asyncio.run(played())


@pytest.mark.contract(ROUTES)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the SDK, about itself
@pytest.mark.xdist_group("graph's own client")
@pytest.mark.parametrize("route", NAMES)
def test_microsofts_own_client_drives_the_route(driven: Collection[str], route: str) -> None:
    assert route in driven or is_there(ELSEWHERE.get(route, ""))
