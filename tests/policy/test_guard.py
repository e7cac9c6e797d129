"""How many may lose something before a person is asked."""

import pytest

from consumer.events import ProviderAction
from consumer.policy.guard import (
    PARTS,
    Guarded,
    GuardLimit,
    GuardState,
    Standing,
    admitted,
    decided,
    guard_limits,
    kind_of,
)
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


@pytest.mark.parametrize(
    ("counted", "already", "expected"),
    [
        (19, [False, False], "CP"),
        (20, [True, False, True], "CPC"),
        (19, [True, False, True, False], "CCCP"),
        (25, [True], "C"),
    ],
)
def test_who_is_counted_takes_no_further_place(counted: int, already: list[bool], expected: str) -> None:
    states = decided(LIMIT, standing(counted), already)
    assert "".join(state.name[0] for state in states) == expected


def test_while_some_are_parked_those_who_are_counted_are_parked_too() -> None:
    assert decided(LIMIT, standing(parked=True), [True, False]) == [GuardState.PARKED] * 2


def test_accounts_are_counted_only_where_the_number_is_not_enough() -> None:
    def looked() -> int:
        raise AssertionError

    assert admitted(LIMIT, Standing(19, parked=False, accounts=looked), 1) == 1


def test_every_kind_has_a_limit() -> None:
    assert guard_limits(tenant()).keys() == set(Guarded)


def test_events_that_take_something_away_are_guarded_as_a_whole() -> None:
    kinds = {kind_of(action) for action in ProviderAction} - {None}
    assert kinds == {Guarded.SUSPEND_ACCOUNT, Guarded.DELETE_ACCOUNT, Guarded.RELEASE_ACCOUNT}
    assert kinds == set(Guarded) - PARTS
