"""Aliases of users: whose they are, how many there may be, and when their addresses are free again."""

import pytest

from sandbox.simulators.google.customer import MOST_ALIASES, Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.google.customers import academy, body, refusal
from tests.sandbox.simulators.google.served import Google, call
from tests.sandbox.simulators.google.served import refusal as refused

TEACHER, ALIAS = "teacher@academy.example", "t@academy.example"


async def test_an_alias_is_made_listed_and_removed(google: Google) -> None:
    aliases = google.client().users().aliases()

    made = await call(aliases.insert(userKey=TEACHER, body={"alias": ALIAS}))
    assert (made["alias"], made["primaryEmail"]) == (ALIAS, TEACHER)
    assert [one["alias"] for one in (await call(aliases.list(userKey=TEACHER)))["aliases"]] == [ALIAS]
    assert (await call(google.client().users().get(userKey=ALIAS)))["primaryEmail"] == TEACHER

    await call(aliases.delete(userKey=TEACHER, alias=ALIAS))
    assert "aliases" not in await call(aliases.list(userKey=TEACHER))
    assert await refused(aliases.delete(userKey=TEACHER, alias=ALIAS)) == (404, "notFound", "Resource Not Found: alias")


async def test_an_address_that_is_taken_is_no_alias(google: Google) -> None:
    aliases = google.client().users().aliases()

    taken = await refused(aliases.insert(userKey=TEACHER, body={"alias": "admin@academy.example"}))

    assert taken == (409, "duplicate", "Entity already exists.")


@pytest.mark.parametrize("status", [412, 403])
def test_a_user_has_thirty_aliases_at_most(clock: Clock, status: int) -> None:
    customer = academy(clock, GoogleQuirks(alias_limit_status=412 if status == 412 else 403))
    user = customer.insert(body())
    for number in range(MOST_ALIASES):
        customer.add_alias(user.id, f"m{number}@academy.example")

    assert refusal(customer.add_alias, user.id, "m@academy.example")[:2] == (status, "limitExceeded")
    assert len(user.aliases) == MOST_ALIASES == 30


def test_a_rename_leaves_no_more_aliases_than_a_user_may_have(clock: Clock) -> None:
    customer = academy(clock)
    user = customer.insert(body())
    for number in range(MOST_ALIASES):
        customer.add_alias(user.id, f"m{number}@academy.example")

    assert refusal(customer.update, user.id, {"primaryEmail": "m@academy.example"})[:2] == (412, "limitExceeded")
    assert customer.update(user.id, {"primaryEmail": "m0@academy.example"}).primary_email == "m0@academy.example"


@pytest.mark.parametrize("taken_over", [True, False])
def test_an_alias_of_its_own_may_have_to_be_removed_before_it_is_a_user_s_address(
    clock: Clock, *, taken_over: bool
) -> None:
    customer = academy(clock, GoogleQuirks(renames_to_aliases=taken_over))
    user = customer.insert(body())
    customer.add_alias(user.id, ALIAS)
    if not taken_over:
        assert refusal(customer.update, user.id, {"primaryEmail": ALIAS}) == (
            409,
            "duplicate",
            "Entity already exists.",
        )
        customer.remove_alias(user.id, ALIAS)

    customer.update(user.id, {"primaryEmail": ALIAS})

    assert (user.primary_email, user.aliases) == (ALIAS, ["maria.borg@academy.example"])


def test_a_rename_may_show_only_after_a_while(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(rename_takes=600))
    user = customer.insert(body())
    customer.update(user.id, {"primaryEmail": ALIAS})
    assert customer.shown(user)["primaryEmail"] == "maria.borg@academy.example"
    assert "aliases" not in customer.shown(user)

    clock.now += 600

    assert (customer.shown(user)["primaryEmail"], customer.shown(user)["aliases"]) == (
        ALIAS,
        ["maria.borg@academy.example"],
    )


def test_a_user_who_is_being_created_takes_no_alias(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(settling=30))
    user = customer.insert(body())

    assert refusal(customer.add_alias, user.id, ALIAS)[:2] == (412, "conditionNotMet")


def test_a_renamed_user_keeps_its_old_address_until_it_is_removed(customer: Customer) -> None:
    user = customer.insert(body())
    customer.update(user.id, {"primaryEmail": "m.borg@academy.example"})
    assert refusal(customer.insert, body())[0] == 409

    customer.remove_alias(user.id, "maria.borg@academy.example")

    assert customer.insert(body()).id != user.id


def test_an_address_may_stay_taken_for_a_while_after_it_was_given_up(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(keeps_addresses=60))
    user = customer.insert(body())
    customer.update(user.id, {"primaryEmail": "m.borg@academy.example"})
    customer.remove_alias(user.id, "maria.borg@academy.example")
    assert refusal(customer.insert, body()) == (409, "duplicate", "Entity already exists.")

    clock.now += 60

    assert customer.insert(body()).id != user.id
