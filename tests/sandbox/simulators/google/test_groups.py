"""Who is in a group, under which key, and how often."""

import pytest

from sandbox.simulators.google.customer import Customer
from tests.sandbox.simulators.google.customers import body, refusal


def test_a_member_is_known_by_id_and_by_any_address(customer: Customer) -> None:
    user = customer.insert(body())
    group = customer.groups.add("all@academy.example", "All")
    customer.groups.insert(group.id, {"id": user.id})
    assert customer.groups.has("all@academy.example", user.primary_email)
    assert customer.groups.member("ALL@academy.example", user.id).email == user.primary_email
    customer.groups.remove(group.id, user.primary_email)
    assert not customer.groups.has(group.id, user.id)


def test_a_member_cannot_be_added_twice(customer: Customer) -> None:
    user = customer.insert(body())
    customer.groups.add("all@academy.example")
    customer.groups.insert("all@academy.example", {"email": user.primary_email})
    refused = refusal(customer.groups.insert, "all@academy.example", {"id": user.id})
    assert refused == (409, "duplicate", "Member already exists.")


@pytest.mark.parametrize(
    ("group", "member", "key"),
    [("none@academy.example", "who@academy.example", "groupKey"), ("all@academy.example", "4711", "memberKey")],
)
def test_neither_a_group_nor_a_member_is_made_up(customer: Customer, group: str, member: str, key: str) -> None:
    customer.groups.add("all@academy.example")
    refused = refusal(customer.groups.insert, group, {"id": member})
    assert refused == (404, "notFound", f"Resource Not Found: {key}")


def test_a_deleted_user_leaves_its_groups(customer: Customer) -> None:
    user = customer.insert(body())
    group = customer.groups.add("all@academy.example")
    customer.groups.insert(group.id, {"id": user.id})
    customer.delete(user.id)
    assert not group.members
