"""Who is found by which query."""

import pytest

from sandbox.simulators.google.customer import Customer
from tests.sandbox.simulators.google.customers import body, refusal


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("externalId=S1", True),
        ("externalId='S1'", True),
        ("externalId=S", False),
        ("email=Maria.Borg@academy.example", True),
        ("email:maria*", True),
        ("familyName='Borġ' givenName:maria", True),
        ("familyName='Borġ' givenName=Anna", False),
        ("orgUnitPath=/Students", True),
        ("orgUnitPath=/", True),
        ("orgUnitPath='/Students/North'", True),
        ("isSuspended=true", False),
        ("isAdmin=false", True),
    ],
)
def test_a_query_finds_whom_every_clause_describes(customer: Customer, query: str, *, found: bool) -> None:
    customer.insert(body(orgUnitPath="/Students/North"))
    assert bool(customer.search(query, domain="academy.example", deleted=False)) is found


def test_a_quote_in_a_value_is_escaped(customer: Customer) -> None:
    customer.insert(body(name={"givenName": "Aoife", "familyName": "O'Neill"}))
    assert customer.search(r"familyName='O\'Neill'", domain=None, deleted=False)


@pytest.mark.parametrize("query", ["favourite=blue", "externalId", "externalId='S1", "email=a b=", "isAdmin:true"])
def test_a_query_that_cannot_be_read_is_refused(customer: Customer, query: str) -> None:
    refused = refusal(customer.search, query, domain=None, deleted=False)
    assert refused == (400, "invalid", "Invalid Input: query")


def test_an_external_id_that_was_removed_finds_no_user(customer: Customer) -> None:
    user = customer.insert(body())
    customer.update(user.id, {"externalIds": [{"type": "custom", "customType": "other", "value": "S2"}]})
    assert not customer.search("externalId=S1", domain=None, deleted=False)
    assert customer.search("externalId=s2", domain=None, deleted=False) == [user]


def test_a_unit_that_does_not_exist_cannot_be_searched(customer: Customer) -> None:
    def search() -> None:
        customer.search("orgUnitPath='/Nowhere'", domain=None, deleted=False)

    assert refusal(search) == (400, "invalid", "Invalid Input: INVALID_OU_ID")
