"""What differs between an account in the ledger and what the directory shows. Pure."""

from dataclasses import replace

import pytest

from consumer.events import Provider
from consumer.ledger.port.reconciliation import Expected, Listed, address_digest
from consumer.reconcile.difference import differences
from consumer.reconcile.finding import Kind, repairable

ADDRESS = address_digest("maria@north.example")
EXPECTED = Expected(
    Provider.GOOGLE,
    "s1",
    "m1",
    "o1",
    ADDRESS,
    judged=True,
    open=True,
    wants_account=True,
    licences=frozenset({"sku"}),
    groups=frozenset({"g"}),
    org_unit="/Students",
)
AS_MADE = Listed(
    "o1",
    "m1",
    ADDRESS,
    deleted=False,
    enabled=True,
    synchronised=False,
    licences=frozenset({"sku", "own"}),
    groups=frozenset({"g"}),
    org_unit="/Students",
)
TWIN = replace(AS_MADE, object_id="o2")


def kinds(expected: Expected, *listed: Listed) -> list[Kind]:
    return [one.kind for one in differences(expected, listed)]


def test_an_account_as_it_was_made_does_not_differ() -> None:
    assert kinds(EXPECTED, AS_MADE) == []


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"deleted": True}, Kind.DELETED),
        ({"enabled": False}, Kind.DISABLED),
        ({"licences": frozenset[str]()}, Kind.STRIPPED),
        ({"groups": frozenset[str]()}, Kind.LEFT_GROUP),
        ({"address": address_digest("married@north.example")}, Kind.RENAMED),
        ({"org_unit": "/"}, Kind.MOVED),
        ({"marker": None}, Kind.UNMARKED),
        ({"marker": "m2"}, Kind.REMARKED),
        ({"synchronised": True}, Kind.SYNCHRONISED),
    ],
)
def test_each_change_is_a_kind(changed: dict[str, object], kind: Kind) -> None:
    assert kinds(EXPECTED, replace(AS_MADE, **changed)) == [kind]  # pyright: ignore[reportArgumentType] - each has its type


def test_an_account_that_is_nowhere_is_missing() -> None:
    assert kinds(EXPECTED) == [Kind.MISSING]


def test_a_suspended_account_may_not_be_open() -> None:
    assert kinds(replace(EXPECTED, open=False), AS_MADE) == [Kind.ENABLED]
    assert kinds(replace(EXPECTED, open=False), replace(AS_MADE, enabled=False)) == []


def test_a_second_account_with_the_marker_is_a_duplicate() -> None:
    assert [(one.kind, one.object_id) for one in differences(EXPECTED, [AS_MADE, TWIN])] == [(Kind.DUPLICATED, "o2")]
    assert kinds(EXPECTED, AS_MADE, replace(TWIN, deleted=True)) == []


def test_an_account_that_the_ledger_does_not_know_is_unlinked_if_it_is_the_only_one() -> None:
    unlinked = replace(EXPECTED, object_id=None)
    assert kinds(unlinked) == []
    assert kinds(unlinked, TWIN) == [Kind.UNLINKED]
    assert kinds(unlinked, AS_MADE, TWIN) == [Kind.DUPLICATED, Kind.DUPLICATED]


def test_what_a_provider_does_not_have_does_not_differ() -> None:
    assert kinds(EXPECTED, replace(AS_MADE, licences=None, org_unit=None)) == []


def test_several_changes_are_as_many_findings() -> None:
    both = replace(AS_MADE, enabled=False, licences=frozenset[str]())
    assert set(kinds(EXPECTED, both)) == {Kind.DISABLED, Kind.STRIPPED}


def test_the_address_is_compared_without_its_letters_case() -> None:
    assert address_digest("Maria@North.example") == ADDRESS


@pytest.mark.parametrize(
    ("found", "wants_account", "repaired"),
    [
        ({Kind.DELETED}, True, True),
        ({Kind.STRIPPED, Kind.LEFT_GROUP}, True, True),
        ({Kind.STRIPPED, Kind.DISABLED}, True, False),
        ({Kind.DISABLED}, True, False),
        ({Kind.MISSING}, True, False),
        ({Kind.DELETED}, False, False),
        ({Kind.ENABLED}, False, True),
        ({Kind.UNLINKED}, False, True),
        ({Kind.UNLINKED}, None, False),
    ],
)
def test_what_provisioning_can_set_right(found: set[Kind], wants_account: bool | None, repaired: bool) -> None:  # noqa: FBT001
    assert repairable(found, wants_account=wants_account) is repaired


def test_google_s_suspended_accounts_may_not_show_their_licences() -> None:
    closed = replace(EXPECTED, open=False)
    stripped = replace(AS_MADE, enabled=False, licences=frozenset[str]())
    assert kinds(closed, stripped) == []
    assert kinds(replace(closed, provider=Provider.MICROSOFT), stripped) == [Kind.STRIPPED]
