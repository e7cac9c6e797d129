"""One mail and its bounces, by Mailgun's own client alone: no route of the simulator is left out."""

import asyncio
import json
from collections.abc import Collection, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sandbox.simulators.mailgun.account import Accounts
from sandbox.simulators.mailgun.http import MailgunHttp
from sandbox.simulators.request_handler import Handler
from tests.contracts.tally import ROUTES
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.mailgun.accounts import DOMAIN, laid_out

# Its methods are declared to give Any or to be coroutines, depending on the client: taken as untyped.
client: Any = import_module("mailgun.client")

MAIL = {"from": f"office@{DOMAIN}", "to": ["maria@post.example"], "subject": "Welcome", "text": "Hello"}
BOUNCED = {"address": "gone@post.example", "code": "550"}
NAMES = sorted({name for name, _, _ in MailgunHttp(Accounts(clock=Clock()), Clock()).handlers()})


def drive(sdk: Any) -> None:
    here: Mapping[str, Any] = {"domain": DOMAIN}
    answers = [
        sdk.messages.create(**here, data=MAIL),
        sdk.domains.get(domain_name=DOMAIN),
        sdk.bounces.create(**here, data=BOUNCED),
        sdk.bounces.get(**here),
        sdk.bounces.get(**here, bounce_address=BOUNCED["address"]),
        sdk.bounces.delete(**here, bounce_address=BOUNCED["address"]),
        sdk.bounces.delete(**here),
        sdk.analytics_logs.create(
            data=json.dumps({"events": ["accepted"]}), headers={"Content-Type": "application/json"}
        ),
    ]
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    first = sdk.events.get(**here, filters={"limit": 1}).json()
    token = first["paging"]["next"].rpartition("/")[2]
    assert first["items"]
    assert getattr(sdk, f"events_{token}").get(**here).status_code == 200


@pytest.fixture(scope="module")
def driven() -> Collection[str]:
    """The routes on which Mailgun's client was served."""

    async def played() -> Collection[str]:
        found = set[str]()

        async def recorded(name: str, handler: Handler, request: web.Request) -> web.StreamResponse:
            found.add(name)
            return await handler(request)

        clock = Clock()
        app = web.Application()
        for (name, method, path), handler in MailgunHttp(laid_out(clock), clock).handlers().items():
            app.router.add_route(method, path, partial(recorded, name, handler))
        async with TestServer(app) as server:
            sdk = client.Client(auth=("api", "key-main"), api_url=str(server.make_url("")).rstrip("/"))
            await asyncio.to_thread(drive, sdk)
            sdk.close()
        return found

    return asyncio.run(played())


@pytest.mark.contract(ROUTES)
@pytest.mark.xdist_group("mailgun's own client")
@pytest.mark.parametrize("route", NAMES)
def test_mailguns_own_client_drives_the_route(driven: Collection[str], route: str) -> None:
    assert route in driven
