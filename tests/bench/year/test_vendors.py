"""The vendors' limits, as accounts."""

import pytest

from bench.year.tokens import Tokens
from bench.year.vendors import UNLIMITED, Allowance, allowances
from consumer.events import Provider
from consumer.tenants import GoogleLimits, MicrosoftLimits


def test_an_account_at_microsoft_takes_three_writes_of_the_directorys_limit() -> None:
    own = allowances(Provider.MICROSOFT, one_application=False).own
    assert own.rate == pytest.approx(MicrosoftLimits().writes / 150 / 3)
    assert 0.9 * MicrosoftLimits().writes / 3 < own.burst < MicrosoftLimits().writes / 3


def test_schools_with_applications_of_their_own_share_nothing() -> None:
    assert {allowances(provider, one_application=False).common for provider in Provider} == {UNLIMITED}


def test_one_application_for_all_schools_has_one_limit_for_all() -> None:
    common = allowances(Provider.MICROSOFT, one_application=True).common
    assert common.rate == pytest.approx(MicrosoftLimits().application_writes / 300 / 3)


def test_an_account_at_google_takes_a_creation() -> None:
    own = allowances(Provider.GOOGLE, one_application=False).own
    assert own.rate == pytest.approx(GoogleLimits().creations)
    assert own.burst < GoogleLimits().creations


def test_a_limit_that_is_always_used_up_gives_its_burst_once_and_then_its_rate() -> None:
    tokens = Tokens(Allowance(rate=2.5, burst=100), step=10)
    used = [0]
    for step in range(40):
        tokens.use(step, available := tokens.available(step))
        used.append(used[-1] + available)
    assert used[1] == 125
    assert used[-1] == 100 + 40 * 25


def test_after_a_rest_there_is_a_burst_again_and_no_more() -> None:
    tokens = Tokens(Allowance(rate=1, burst=50), step=10)
    tokens.use(0, tokens.available(0))
    assert tokens.available(0) == 0
    assert [tokens.available(step) for step in (1, 3, tokens.fills_in, 1_000)] == [10 + 10 - 10, 30, 60, 60]
