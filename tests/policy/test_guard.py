"""How many may lose something before a person is asked."""

import pytest

from consumer.events import ProviderAction
from consumer.policy.guard import GUARDED, GuardLimit, Standing, admitted, guard_limits
from tests.policy.tenants import tenant

LIMIT = GuardLimit(accounts=20, percent=5, seconds=3600)


def standing(counted: int = 0, *, parked: bool = False, accounts: int = 0) -> Standing:
    return Standing(counted, parked, lambda: accounts)


@pytest.mark.parametrize(
    ("counted", "accounts", "wanted", "expected"),
    [
        (0, 0, 20, 20),
        (0, 0, 21, 20),
        (19, 0, 5, 1),
        (20, 0, 1, 0),
        (25, 0, 1, 0),
        (20, 1_000, 40, 30),
        (50, 1_000, 1, 0),
        (20, 419, 1, 0),
        (20, 420, 1, 1),
    ],
)
def test_the_larger_of_the_number_and_the_share_is_admitted(
    counted: int, accounts: int, wanted: int, expected: int
) -> None:
    assert admitted(LIMIT, standing(counted, accounts=accounts), wanted) == expected


def test_while_some_are_parked_none_is_admitted() -> None:
    assert admitted(LIMIT, standing(parked=True), 1) == 0


def test_accounts_are_counted_only_where_the_number_is_not_enough() -> None:
    def looked() -> int:
        raise AssertionError

    assert admitted(LIMIT, Standing(19, parked=False, accounts=looked), 1) == 1


def test_every_guarded_action_has_a_limit() -> None:
    takes = {ProviderAction.SUSPEND_ACCOUNT, ProviderAction.DELETE_ACCOUNT, ProviderAction.RELEASE_ACCOUNT}
    assert guard_limits(tenant()).keys() == GUARDED == takes
