"""Fixtures: an account to call directly."""

import pytest

from consumer.simulators.mailgun.account import Accounts
from tests.simulators.clock import Clock
from tests.simulators.mailgun.accounts import laid_out


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(clock: Clock) -> Accounts:
    return laid_out(clock)
