"""Without a key, asked by the identity of the machine: Google's own client finds it by its metadata server, in a process of its own."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from consumer.tenants import GoogleSection, Tenant
from sandbox.simulators.server import VendorServer
from sandbox.simulators.vendors import GOOGLE, SCOPES
from sandbox.simulators.world import World

ACCOUNT = "provisioner@keyless.iam.gserviceaccount.com"
MACHINE = "machine@project.iam.gserviceaccount.com"

_ASKS = """
import json, sys
from consumer.errors import Fault
from consumer.providers.google.tokens import fetcher
from consumer.tenants import GoogleSection
try:
    print(json.dumps({"token": fetcher(GoogleSection.model_validate_json(sys.argv[1]), str)()[0]}))
except Fault as fault:
    print(json.dumps({"fault": type(fault).__name__, "says": str(fault)}))
"""


@pytest.fixture
def section(tenant: Tenant, world: World, vendors: VendorServer) -> GoogleSection:
    world.google.federation.create_service_account(ACCOUNT)
    (customer,) = world.google.customers
    customer.delegate(ACCOUNT, SCOPES)
    assert tenant.google
    change = {"service_account": None, "impersonate": ACCOUNT, "iam_url": vendors.url(GOOGLE)}
    return tenant.google.model_copy(update=change)


@pytest.fixture
async def metadata(world: World) -> AsyncIterator[str]:
    """Host and port of a metadata server ("VM metadata", Compute Engine): plain http, and its header on both sides."""

    async def answer(request: web.Request) -> web.Response:
        flavor = {"Metadata-Flavor": "Google"}
        if request.headers.get("Metadata-Flavor") != "Google":
            return web.Response(status=403)
        if request.path.endswith("/token"):
            scopes = request.query.get("scopes", "").split(",")
            token = world.google.federation.give(MACHINE, scopes)
            return web.json_response(
                {"access_token": token, "expires_in": 3_600, "token_type": "Bearer"}, headers=flavor
            )
        if "/service-accounts/" in request.path:
            return web.json_response({"email": MACHINE, "aliases": ["default"], "scopes": []}, headers=flavor)
        return web.Response(text="googleapis.com" if "universe" in request.path else "project", headers=flavor)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def asked(section: GoogleSection, environ: Mapping[str, str], home: Path) -> Mapping[str, Any]:
    command = [sys.executable, "-c", _ASKS, section.model_dump_json()]
    environ = {"HOME": str(home), "CLOUDSDK_CONFIG": str(home), **environ}
    done = await asyncio.to_thread(subprocess.run, command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_a_machine_with_the_role_gets_a_token_for_the_service_account(
    section: GoogleSection, world: World, metadata: str, tmp_path: Path
) -> None:
    world.google.federation.allow(MACHINE, ACCOUNT)
    result = await asked(section, {"GCE_METADATA_HOST": metadata, "GCE_METADATA_IP": metadata}, tmp_path)
    grant = world.google.tokens.grant(f"Bearer {result.get('token')}")
    assert grant, result
    assert (grant.service_account, grant.subject) == (ACCOUNT, section.admin_subject)


async def test_a_machine_without_the_role_holds_the_whole_tenant(
    section: GoogleSection, metadata: str, tmp_path: Path
) -> None:
    result = await asked(section, {"GCE_METADATA_HOST": metadata, "GCE_METADATA_IP": metadata}, tmp_path)
    assert result["fault"] == "Hold", result


async def test_where_google_gives_no_identity_the_log_will_say_so(section: GoogleSection, tmp_path: Path) -> None:
    result = await asked(section, {"NO_GCE_CHECK": "true"}, tmp_path)
    assert result["fault"] == "Unavailable"
    assert "application default credentials" in result["says"]
