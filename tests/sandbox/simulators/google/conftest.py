"""Fixtures: a customer to call directly, and one that is served to Google's clients."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from sandbox.simulators.google.customer import Customer
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.google.customers import academy
from tests.sandbox.simulators.google.served import Google, served


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
    async with served(key) as google:
        yield google
