"""The rules of a Google customer: what it takes, what is taken, who is found, and how long things need."""

import hashlib
from typing import Any

import pytest

from sandbox.simulators.google.customer import RESTORABLE, Customer
from sandbox.simulators.google.quirks import GoogleQuirks
from tests.sandbox.simulators.clock import Clock
from tests.sandbox.simulators.google.customers import academy, body, refusal


def test_a_new_user_is_found_by_id_address_and_alias_in_any_case(customer: Customer) -> None:
    user = customer.insert(body())
    user.aliases.append("m@academy.example")
    customer.update(user.id, {"primaryEmail": "maria@academy.example"})
    for key in (user.id, "MARIA@academy.example", "maria.borg@academy.example", "m@academy.example"):
        assert customer.get(key) is user


@pytest.mark.parametrize("missing", ["primaryEmail", "name", "password"])
def test_a_user_without_a_required_field_is_refused(customer: Customer, missing: str) -> None:
    given = body()
    del given[missing]
    assert refusal(customer.insert, given)[:2] == (400, "required")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"primaryEmail": "maria@elsewhere.example"}, "Invalid Input: primary_user_email"),
        ({"primaryEmail": "ma..ria@academy.example"}, "Invalid Input: primary_user_email"),
        ({"primaryEmail": "mαria@academy.example"}, "Invalid Input: primary_user_email"),
        ({"orgUnitPath": "/Students/South"}, "Invalid Input: INVALID_OU_ID"),
        ({"name": {"givenName": "Maria", "familyName": "x" * 61}}, "Invalid Given/Family Name: FamilyName"),
        ({"name": {"givenName": "", "familyName": "Borġ"}}, "Invalid Given/Family Name: GivenName"),
        ({"name": {"givenName": "Maria"}}, "Invalid Given/Family Name: FamilyName"),
        ({"password": "short"}, "Invalid Password"),
        ({"password": "x" * 101}, "Invalid Password"),
        ({"password": "not hex", "hashFunction": "MD5"}, "Invalid Password"),
        ({"externalIds": [{"value": "x" * 2_100}]}, "Invalid Input: external_ids"),
    ],
)
def test_a_value_that_google_never_takes_is_named(customer: Customer, change: dict[str, Any], message: str) -> None:
    assert refusal(customer.insert, body() | change) == (400, "invalid", message)
    assert customer.users == ()


def test_an_unknown_field_is_refused(customer: Customer) -> None:
    status, _, message = refusal(customer.insert, body(studentId="S1"))
    assert (status, '"studentId"' in message) == (400, True)


@pytest.mark.parametrize("taken", ["boss@academy.example", "chief@academy.example", "all@academy.example"])
def test_an_address_of_a_user_an_alias_or_a_group_is_taken(customer: Customer, taken: str) -> None:
    customer.add_user("boss@academy.example", aliases=["chief@academy.example"])
    customer.groups.add("all@academy.example")
    assert refusal(customer.insert, body(taken.upper())) == (409, "duplicate", "Entity already exists.")


def test_names_may_be_limited_to_40_characters(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(name_limit=40))
    name = {"givenName": "Maria", "familyName": "x" * 41}
    assert refusal(customer.insert, body(name=name))[2] == "Invalid Given/Family Name: FamilyName"


def test_a_foreign_domain_may_be_answered_as_not_found(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(foreign_domain="domain"))
    assert refusal(customer.insert, body("m@elsewhere.example")) == (404, "notFound", "Resource Not Found: domain")


def test_a_full_customer_refuses_further_users(clock: Clock) -> None:
    customer = academy(clock, user_limit=1)
    customer.insert(body())
    again = body("second@academy.example")
    assert refusal(customer.insert, again) == (412, "DomainUserLimitExceeded", "Domain user limit exceeded.")


def test_a_new_user_cannot_be_changed_until_it_has_settled(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(settling=30))
    user = customer.insert(body())
    assert refusal(customer.update, user.id, {"suspended": True}) == (
        412,
        "conditionNotMet",
        "User creation is not complete.",
    )
    assert refusal(customer.delete, user.id)[0] == 412
    clock.now += 30
    assert customer.update(user.id, {"suspended": True}).suspended


def test_a_settling_user_may_be_hidden_by_id_and_not_by_address(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(settling=30, hides_settling_ids=True))
    user = customer.insert(body())
    assert refusal(customer.get, user.id) == (404, "notFound", "Resource Not Found: userKey")
    assert customer.get(user.primary_email) is user
    clock.now += 30
    assert customer.get(user.id) is user


def test_the_index_may_show_a_new_user_late_while_the_address_is_taken_at_once(clock: Clock) -> None:
    customer = academy(clock, GoogleQuirks(index_lag=10))
    customer.insert(body())
    assert not customer.search("externalId=S1", domain=None, deleted=False)
    assert refusal(customer.insert, body())[0] == 409
    clock.now += 10
    assert len(customer.search("externalId=S1", domain=None, deleted=False)) == 1


def test_a_deleted_user_is_found_only_among_the_deleted_and_its_address_is_free(customer: Customer) -> None:
    user = customer.insert(body())
    customer.delete(user.id)
    assert refusal(customer.get, user.id)[0] == 404
    assert not customer.search("externalId=S1", domain=None, deleted=False)
    assert customer.search("externalId=S1", domain=None, deleted=True) == [user]
    assert customer.insert(body()).id != user.id


def test_a_deleted_user_comes_back_by_id_with_its_address_and_unit(customer: Customer) -> None:
    user = customer.insert(body())
    customer.delete(user.primary_email)
    assert refusal(customer.undelete, user.primary_email, "/")[0] == 404
    customer.undelete(user.id, "/Students")
    assert customer.get("maria.borg@academy.example") is user
    assert user.org_unit == "/Students"


def test_a_deleted_user_does_not_come_back_once_the_address_is_given_away(customer: Customer) -> None:
    user = customer.insert(body())
    customer.delete(user.id)
    customer.insert(body())
    assert refusal(customer.undelete, user.id, "/")[0] == 409


def test_a_deleted_user_is_gone_after_twenty_days(customer: Customer, clock: Clock) -> None:
    user = customer.insert(body())
    customer.delete(user.id)
    clock.now += RESTORABLE + 1
    assert not customer.search(None, domain=None, deleted=True)
    assert refusal(customer.undelete, user.id, "/")[0] == 404


def test_a_deleted_user_comes_back_only_where_a_licence_is_spare(clock: Clock) -> None:
    customer = academy(clock, user_limit=1)
    user = customer.insert(body())
    customer.delete(user.id)
    other = customer.insert(body("second@academy.example"))
    assert refusal(customer.undelete, user.id, "/")[1] == "DomainUserLimitExceeded"
    customer.delete(other.id)
    customer.undelete(user.id, "/")
    assert customer.get(user.id) is user


def test_an_update_leaves_out_what_it_does_not_name_and_clears_null(customer: Customer) -> None:
    user = customer.insert(body(recoveryEmail="home@post.example"))
    customer.update(user.id, {"suspended": True})
    assert user.kept["recoveryEmail"] == "home@post.example"
    assert user.external_ids == ("S1",)
    customer.update(user.id, {"recoveryEmail": None, "externalIds": None})
    assert (user.kept, user.external_ids) == ({}, ())


def test_only_the_right_password_signs_in_and_the_first_time_shows(customer: Customer) -> None:
    user = customer.insert(body())
    assert user.shown("C01")["lastLoginTime"] == "1970-01-01T00:00:00.000Z"
    assert not customer.sign_in(user.primary_email, "wrong horse")
    assert customer.sign_in(user.primary_email, "correct horse")
    assert user.shown("C01")["lastLoginTime"] == "2027-01-15T08:00:00.000Z"


@pytest.mark.parametrize("function", ["MD5", "SHA-1"])
def test_a_hashed_password_signs_in_too(customer: Customer, function: str) -> None:
    hashed = hashlib.new(function.replace("-", ""), b"correct horse").hexdigest()
    user = customer.insert(body(password=hashed, hashFunction=function))
    assert customer.sign_in(user.primary_email, "correct horse")
    assert not customer.sign_in(user.primary_email, hashed)


def test_a_suspended_user_does_not_sign_in(customer: Customer) -> None:
    user = customer.insert(body(suspended=True))
    assert not customer.sign_in(user.primary_email, "correct horse")


def test_the_password_is_never_shown(customer: Customer) -> None:
    user = customer.insert(body())
    assert "correct horse" not in f"{user!r}{user.shown('C01')}"
