"""Places shared out over tenants."""

import random

from bench.year.sharing import shared


def test_all_get_what_they_want_where_there_are_places() -> None:
    assert shared({1: 5, 2: 3}, 8) == {1: 5, 2: 3}


def test_a_large_one_does_not_take_the_places_of_small_ones() -> None:
    assert shared({1: 1_000, 2: 3, 3: 10}, 20) == {1: 9, 2: 3, 3: 8}


def test_where_there_are_fewer_places_than_tenants_the_first_have_their_turn() -> None:
    assert shared({1: 5, 2: 5, 3: 5}, 2) == {1: 1, 2: 1}


def test_no_place_is_left_and_none_is_given_twice() -> None:
    rng = random.Random(1)  # noqa: S311  a simulation
    for _ in range(300):
        wanted = {tenant: rng.randint(1, 50) for tenant in range(rng.randint(1, 30))}
        places = rng.randint(0, 600)
        got = shared(wanted, places)
        assert sum(got.values()) == min(places, sum(wanted.values()))
        assert all(count <= wanted[tenant] for tenant, count in got.items())
        unserved = [tenant for tenant in wanted if got.get(tenant, 0) < wanted[tenant]]
        assert all(got.get(tenant, 0) >= max(got.values()) - 1 for tenant in unserved)
