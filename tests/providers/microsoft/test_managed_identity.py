"""A managed identity's token, by Microsoft's own client. It reads its environment, so each test runs it in a process of its own."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
import requests

from consumer.providers.microsoft.managed_identity import expect_answer
from consumer.tenants import ManagedIdentity, MicrosoftSection, Tenant
from sandbox.simulators.faults import Answer, FaultRule
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GRAPH
from sandbox.simulators.world import World

_ASKS = """
import json, sys
from consumer.errors import Fault
from consumer.providers.microsoft.tokens import fetcher
from consumer.tenants import MicrosoftSection
fetch = fetcher(MicrosoftSection.model_validate_json(sys.argv[1]), str)
try:
    tokens = [fetch(), fetch()]
except Fault as fault:
    print(json.dumps({"fault": type(fault).__name__, "says": str(fault)}))
else:
    print(json.dumps({"tokens": [token for token, _ in tokens], "lifetime": tokens[0][1]}))
"""


def section_of(tenant: Tenant, kind: str) -> MicrosoftSection:
    assert tenant.microsoft
    return tenant.microsoft.model_copy(update={"client_secret": None, "managed_identity": ManagedIdentity(kind)})


async def asked(section: MicrosoftSection, environ: Mapping[str, str]) -> Mapping[str, Any]:
    command = [sys.executable, "-c", _ASKS, section.model_dump_json()]
    # A proxy that does not exist: none is asked on the way to the machine's own endpoint.
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = await asyncio.to_thread(
        subprocess.run, command, env={**nowhere, **environ}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def environ(world: World, vendors: VendorServer, where: str) -> Mapping[str, str]:
    """What Azure sets on a virtual machine (here: where the metadata service is), and on App Service."""
    root = vendors.url(GRAPH)
    if where == "virtual machine":
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": root}
    return {"IDENTITY_ENDPOINT": f"{root}/msi/token", "IDENTITY_HEADER": world.graph.machine.identity_header}


@pytest.mark.parametrize(("where", "kind"), [("virtual machine", "user_assigned"), ("app service", "system_assigned")])
async def test_an_identity_gets_a_new_token_each_time(
    tenant: Tenant, world: World, environ: Mapping[str, str], kind: str
) -> None:
    section = section_of(tenant, kind)
    world.graph.machine.assign(section.tenant_id, section.client_id, system=kind == "system_assigned")
    result = await asked(section, environ)
    tokens: list[str] = result["tokens"]
    assert all(world.graph.tokens.grant(f"Bearer {token}") for token in tokens)
    assert len({*tokens}) == 2
    assert result["lifetime"] == pytest.approx(86_400, abs=60)


@pytest.mark.parametrize("where", ["virtual machine"])
async def test_a_resource_without_the_identity_holds_the_whole_tenant(
    tenant: Tenant, environ: Mapping[str, str]
) -> None:
    result = await asked(section_of(tenant, "user_assigned"), environ)
    assert (result["fault"], "invalid_request" in result["says"]) == ("Hold", True)


@pytest.mark.parametrize("where", ["virtual machine"])
async def test_an_endpoint_that_is_being_updated_is_asked_again(
    tenant: Tenant, vendors: VendorServer, environ: Mapping[str, str]
) -> None:
    vendors.faults.set([FaultRule(route="azure.imds", fault=Answer(status=410))])
    assert (await asked(section_of(tenant, "system_assigned"), environ))["fault"] == "Unavailable"


def response(status: int, body: bytes) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body
    return answer


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (410, b""), (429, b"{}"), (500, b"{}"), (503, b""), (200, b"[]"), (200, b"<html>"), (400, b'"no"')],
)
def test_what_passes_by_itself_and_what_is_no_object_is_no_answer(status: int, body: bytes) -> None:
    with pytest.raises(requests.RequestException):
        expect_answer(response(status, body))


@pytest.mark.parametrize(("status", "body"), [(200, b"{}"), (400, b'{"error": "invalid_request"}'), (401, b"")])
def test_a_refusal_and_a_challenge_are_answers(status: int, body: bytes) -> None:
    expect_answer(response(status, body))
