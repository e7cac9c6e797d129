from datetime import UTC, datetime
from typing import Any

import pytest

from consumer.events import Provider, ProviderAction, Status, StudentStatusChanged
from consumer.policy.comparison import Basis, Change, Comparison, Difference, Effect, Part
from consumer.tenants import Deletion, DeletionNotice, Rule, StatusRow, Suspension, Tenant, UnlistedStatus, WelcomeEmail
from tests.policy.tenants import groups, student, tenant

CREATE, SUSPEND, UPDATE = ProviderAction.CREATE_ACCOUNT, ProviderAction.SUSPEND_ACCOUNT, ProviderAction.UPDATE_ACCOUNT


def having(status: str, action: ProviderAction | None = None, *, one: Tenant | None = None, **when: Any) -> Tenant:
    """The tenant with one more row in its status table."""
    one = one or tenant()
    row = StatusRow(id=status, name=status, type="T", provider_action=action, when=when)
    return one.model_copy(update={"statuses": (*one.statuses, row)})


def event(status: str, *, sync_disabled: bool = False, **attributes: str) -> StudentStatusChanged:
    person = student(attributes=attributes).model_copy(update={"external_sync_disabled": sync_disabled})
    return StudentStatusChanged(
        event_id="e",
        occurred_at=datetime(2026, 9, 1, tzinfo=UTC),
        tenant_id="athens",
        version=1,
        status=Status(id=status, name=status, type="T"),
        student=person,
    )


def difference(before: Tenant | None, after: Tenant | None, of: StudentStatusChanged) -> Difference:
    found = Comparison(before, after).of(of)
    assert found is not None
    return found


def parts(found: Difference) -> dict[Part, tuple[tuple[str, ...], tuple[str, ...]]]:
    return {change.part: (change.removed, change.added) for change in found.changes}


@pytest.mark.parametrize("status", ["registered", "admission", "unheard-of"])
def test_the_same_configuration_makes_no_difference(status: str) -> None:
    assert Comparison(tenant(), tenant()).of(event(status)) is None


def test_a_status_that_creates_accounts_from_now_on_gives_one() -> None:
    found = difference(having("visiting"), having("visiting", CREATE), event("visiting"))
    assert found.effect is Effect.GAINS
    assert found.changes == (
        Change(Part.DECISION, None, ("nothing",), ("create_account",)),
        Change(Part.ACCOUNT, Provider.MICROSOFT, (), ("open",)),
    )


def test_a_status_that_creates_no_accounts_any_more_takes_one() -> None:
    assert difference(having("visiting", CREATE), having("visiting"), event("visiting")).effect is Effect.LOSES


def test_what_an_account_would_have_is_named_with_it() -> None:
    rule = Rule(licences=("sku",), groups=groups("g1"), admin_unit="unit")
    after = having("visiting", CREATE, one=tenant(rules=(rule,)))
    found = difference(having("visiting"), after, event("visiting"))
    assert parts(found)[Part.LICENCES] == ((), ("sku",))
    assert parts(found)[Part.GROUPS] == ((), ("g1",))
    assert parts(found)[Part.ADMIN_UNIT] == ((), ("unit",))


def test_an_update_gives_no_account_and_what_it_keeps_up_is_named() -> None:
    rich = tenant(rules=(Rule(groups=groups("g1")),))
    kept_up = having("visiting", UPDATE, one=rich)
    found = difference(having("visiting", one=rich), kept_up, event("visiting"))
    assert found.effect is Effect.CHANGES
    assert parts(found) == {Part.DECISION: (("nothing",), ("update_account",)), Part.GROUPS: ((), ("g1",))}
    assert difference(having("visiting", CREATE, one=rich), kept_up, event("visiting")).effect is Effect.LOSES


def test_a_suspension_takes_the_account_and_says_nothing_of_what_it_has() -> None:
    rich = tenant(rules=(Rule(licences=("sku",), groups=groups("g1")),))
    before, after = having("left", CREATE, one=rich), having("left", SUSPEND, one=rich)
    found = difference(before, after, event("left"))
    assert found.effect is Effect.LOSES
    assert parts(found) == {
        Part.DECISION: (("create_account",), ("suspend_account",)),
        Part.ACCOUNT: (("open",), ("suspended",)),
        Part.SUSPENSION: ((), ("end_sessions",)),
    }


def test_a_suspension_less_is_a_gain() -> None:
    assert difference(having("left", SUSPEND), having("left"), event("left")).effect is Effect.GAINS


def test_another_way_to_suspend_is_a_change() -> None:
    before = having("left", SUSPEND)
    after = before.model_copy(update={"suspension": Suspension(end_sessions=False, remove_licences=True)})
    found = difference(before, after, event("left"))
    assert found.effect is Effect.CHANGES
    assert parts(found) == {Part.SUSPENSION: (("end_sessions",), ("remove_licences",))}


def test_rules_change_licences_groups_and_units_by_provider() -> None:
    before = tenant(google=True, rules=(Rule(licences=("a", "b"), org_unit="/Old"),))
    after = tenant(google=True, rules=(Rule(licences=("b", "c"), org_unit="/New"),))
    found = difference(before, after, event("registered"))
    assert found.effect is Effect.CHANGES
    assert found.changes == (
        Change(Part.ORG_UNIT, Provider.GOOGLE, ("/Old",), ("/New",)),
        Change(Part.LICENCES, Provider.MICROSOFT, ("a",), ("c",)),
    )


def test_the_order_of_licences_and_groups_is_no_difference() -> None:
    before, after = (tenant(rules=(Rule(licences=order),)) for order in (("a", "b"), ("b", "a")))
    assert Comparison(before, after).of(event("registered")) is None


def test_one_more_provider_is_a_gain_and_another_in_its_place_a_change() -> None:
    both = difference(tenant(), tenant(google=True), event("registered"))
    assert both.effect is Effect.GAINS
    assert parts(both) == {Part.ACCOUNT: ((), ("open",))}
    assert difference(tenant(), tenant(microsoft=False, google=True), event("registered")).effect is Effect.CHANGES


def test_patterns_are_named_and_addresses_are_not() -> None:
    before = tenant()
    after = before.model_copy(
        update={
            "addresses": before.addresses.model_copy(update={"patterns": ("{family}{n}",), "domain": "new.example"})
        }
    )
    found = difference(before, after, event("registered"))
    assert parts(found) == {Part.ADDRESS: (("{given}.{family}@school.example",), ("{family}{n}@new.example",))}
    assert "maria" not in repr(found).lower()


def test_a_pattern_that_gives_the_same_address_is_no_difference() -> None:
    before = tenant()
    after = before.model_copy(
        update={"addresses": before.addresses.model_copy(update={"patterns": ("{preferred}.{family}",)})}
    )
    assert Comparison(before, after).of(event("registered")) is None


def test_a_welcome_mail_that_is_switched_on_is_a_change() -> None:
    after = tenant().model_copy(update={"welcome_email": WelcomeEmail(enabled=True, template="hello")})
    assert parts(difference(tenant(), after, event("registered"))) == {Part.WELCOME_EMAIL: ((), ("hello",))}


def test_a_notice_of_deletions_is_a_change_for_who_leaves() -> None:
    before = having("left", ProviderAction.DELETE_ACCOUNT)
    after = before.model_copy(update={"deletion": Deletion(notice=DeletionNotice(template="bye"))})
    assert parts(difference(before, after, event("left"))) == {Part.DELETION_NOTICE: ((), ("bye",))}
    assert Comparison(before, after).of(event("registered")) is None


def test_a_dead_letter_less_is_a_change() -> None:
    found = difference(tenant(), tenant(unlisted=UnlistedStatus.SKIP), event("unheard-of"))
    assert found.effect is Effect.CHANGES
    assert parts(found) == {Part.DECISION: (("refused: unlisted_status",), ("nothing",))}


def test_which_row_says_that_nothing_is_done_makes_no_difference() -> None:
    before, after = tenant(unlisted=UnlistedStatus.SKIP), having("visiting")
    assert Comparison(before, after).of(event("visiting")) is None


def test_a_tenant_that_is_not_configured_yet_gives_nothing() -> None:
    found = difference(None, tenant(), event("registered"))
    assert found.effect is Effect.GAINS
    assert found.before == Basis("refused: unknown_tenant")


def test_the_rows_and_rules_that_decide_are_named() -> None:
    rules = (Rule(when={"grade": ("7",)}), Rule(), Rule(when={"grade": ("8",)}))
    after = having("visiting", CREATE, one=having("visiting", one=tenant(rules=rules), grade=("6",)))
    found = difference(having("visiting"), after, event("visiting", grade="8"))
    assert found.before == Basis("nothing", row=3)
    assert found.after == Basis("create_account", row=4, rules=(2, 3))


def test_students_who_are_not_synchronised_stay_as_they_are() -> None:
    comparison = Comparison(having("left"), having("left", SUSPEND))
    assert comparison.of(event("left", sync_disabled=True)) is None


@pytest.mark.parametrize("action", ProviderAction)
def test_every_action_can_be_compared(action: ProviderAction) -> None:
    assert difference(having("some"), having("some", action), event("some")).after.decision == action
