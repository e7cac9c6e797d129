"""Fixtures: a customer to call directly, and one that is served to Google's clients."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from sandbox.simulators.google.api import DirectoryApi
from sandbox.simulators.google.customer import Customer
from sandbox.simulators.google.http import handlers, observers
from sandbox.simulators.google.scopes import DOMAIN_READ, GROUP, LICENSING, MEMBER, ORG_UNIT, USER, USER_SECURITY
from sandbox.simulators.request_handler import Handler
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.google.customers import academy
from tests.sandbox.simulators.google.served import ACCOUNT, ADMIN, Google, RealClock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def customer(clock: Clock) -> Customer:
    return academy(clock)


@pytest.fixture(scope="module")
def key() -> RSAPrivateKey:
    return generate_private_key(65_537, 2_048)


@pytest.fixture
async def google(key: RSAPrivateKey) -> AsyncIterator[Google]:
    clock = RealClock()
    api = DirectoryApi(clock=clock)
    api.tokens.register(ACCOUNT, key.public_key())
    customer = api.add_customer("C01", ["academy.example"])
    customer.delegate(ACCOUNT, [USER, USER_SECURITY, GROUP, MEMBER, ORG_UNIT, DOMAIN_READ, LICENSING])
    customer.add_user(ADMIN, is_admin=True)
    customer.add_user("teacher@academy.example")
    customer.groups.add("all@academy.example", "All")
    driven = set[str]()

    async def recorded(name: str, handler: Handler, request: web.Request) -> web.StreamResponse:
        driven.add(name)
        return await handler(request)

    app = web.Application()
    for (name, method, path), handler in handlers(api).items():
        app.router.add_route(method, path, partial(recorded, name, handler))
    for (method, path), handler in observers(api).items():
        app.router.add_route(method, path, handler)
    async with TestServer(app) as server:
        served = Google(api, customer, str(server.make_url("")).rstrip("/"), key, clock, driven)
        yield served
        for client in served.opened:
            client.close()
