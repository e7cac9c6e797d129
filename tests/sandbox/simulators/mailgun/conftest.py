"""Fixtures: an account to call directly."""

import pytest

from sandbox.simulators.mailgun.account import Accounts
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.mailgun.accounts import laid_out


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(clock: Clock) -> Accounts:
    return laid_out(clock)
