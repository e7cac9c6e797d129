import pytest

from consumer.events import Provider
from consumer.policy.rules import Grant, Withdrawal, grant, licences_last, withdrawal
from consumer.tenants import Announce, Rule, Suspension
from tests.policy.tenants import groups, student, tenant


def test_without_rules_nothing_is_given() -> None:
    assert grant(tenant(), student(), Provider.MICROSOFT) == Grant()


def test_a_rule_without_conditions_is_everybodys() -> None:
    rules = (Rule(licences=("A1",), groups=groups("all")),)
    assert grant(tenant(rules=rules), student(), Provider.MICROSOFT) == Grant(licences=("A1",), groups=("all",))


def test_a_rule_holds_where_every_attribute_has_one_of_its_values() -> None:
    rules = (Rule(when={"school": ("north", "south"), "grade": ("7",)}, groups=groups("sevenths")),)
    matching = student(attributes={"school": "south", "grade": "7"})
    other_grade = student(attributes={"school": "south", "grade": "8"})
    no_grade = student(attributes={"school": "south"})
    given = [grant(tenant(rules=rules), s, Provider.MICROSOFT).groups for s in (matching, other_grade, no_grade)]
    assert given == [("sevenths",), (), ()]


def test_licences_and_groups_add_up_in_order_without_repeats() -> None:
    rules = (
        Rule(licences=("A1", "B2"), groups=groups("all", "north")),
        Rule(licences=("B2", "C3"), groups=groups("north", "choir")),
    )
    assert grant(tenant(rules=rules), student(), Provider.MICROSOFT) == Grant(
        licences=("A1", "B2", "C3"), groups=("all", "north", "choir")
    )


def test_the_last_matching_organisational_unit_stands() -> None:
    rules = (
        Rule(org_unit="/Students"),
        Rule(when={"grade": ("7",)}, org_unit="/Students/7"),
        Rule(when={"grade": ("8",)}, org_unit="/Students/8"),
        Rule(groups=groups("all")),
    )
    given = grant(tenant(google=True, rules=rules), student(attributes={"grade": "7"}), Provider.GOOGLE)
    assert given.org_unit == "/Students/7"


def test_each_provider_is_given_its_own() -> None:
    rules = (
        Rule(
            org_unit="/Students",
            licences=("A1", "101031/1010310008"),
            groups={Provider.MICROSOFT: ("object-id",), Provider.GOOGLE: ("all@school.example",)},
        ),
    )
    both = tenant(google=True, rules=rules)
    assert grant(both, student(), Provider.MICROSOFT) == Grant(licences=("A1",), groups=("object-id",))
    assert grant(both, student(), Provider.GOOGLE) == Grant(
        org_unit="/Students", licences=("101031/1010310008",), groups=("all@school.example",)
    )


@pytest.mark.parametrize(
    ("provider", "wants_account", "announce", "last"),
    [
        (Provider.GOOGLE, True, Announce.SIGN_IN, True),
        (Provider.GOOGLE, True, Announce.COMPLETE, False),
        (Provider.GOOGLE, False, Announce.COMPLETE, True),
        (Provider.MICROSOFT, True, Announce.SIGN_IN, False),
    ],
)
def test_googles_licences_are_last_where_accounts_are_announced_without_them(
    provider: Provider, announce: Announce, *, wants_account: bool, last: bool
) -> None:
    one = tenant(google=True).model_copy(update={"announce": announce})
    assert licences_last(one, provider, wants_account=wants_account) is last


def test_a_suspension_takes_licences_at_both_and_ends_sessions_where_that_is_a_call() -> None:
    wanted = Suspension(remove_licences=True, org_unit="/Leavers")
    both = tenant(google=True).model_copy(update={"suspension": wanted})
    assert withdrawal(both, Provider.MICROSOFT) == Withdrawal(sessions=True, licences=True)
    assert withdrawal(both, Provider.GOOGLE) == Withdrawal(licences=True, org_unit="/Leavers")


def test_the_last_matching_administrative_unit_stands_at_microsoft_alone() -> None:
    rules = (Rule(admin_unit="ALL"), Rule(when={"grade": ("7",)}, admin_unit="Sevenths"), Rule(groups=groups("all")))
    both = tenant(google=True, rules=rules)
    seventh = student(attributes={"grade": "7"})
    assert grant(both, seventh, Provider.MICROSOFT).admin_units == ("sevenths",)
    assert grant(both, student(), Provider.MICROSOFT).admin_unit == "all"
    assert grant(both, seventh, Provider.GOOGLE).admin_units == ()
