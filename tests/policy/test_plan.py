"""The plan: what is missing, and nothing else."""

from dataclasses import replace

import pytest

from consumer.events import ProviderAction, StepName
from consumer.policy.plan import KnownAccount, Plan, PlannedStep, plan
from consumer.policy.rules import Grant, Withdrawal

GIVEN = Grant(licences=("sku",), groups=("group",))
NOTHING = KnownAccount()
DONE = KnownAccount(exists=True, announced_version=3, licences=("sku",), groups=("group",), welcomed=True)
FROM_THE_ADDRESS_ON = ("address", "create", "licences", "groups", "announce", "welcome")


def planned(known: KnownAccount, version: int = 3, *, given: Grant = GIVEN, settled: bool = False) -> tuple[str, ...]:
    return plan(ProviderAction.CREATE_ACCOUNT, version, known, given, Withdrawal(), settled=settled).steps


def test_a_new_student_gets_everything() -> None:
    assert planned(NOTHING) == FROM_THE_ADDRESS_ON


def test_what_the_rules_do_not_give_is_no_step() -> None:
    assert planned(NOTHING, given=Grant()) == ("address", "create", "announce", "welcome")


def test_nothing_is_missing_of_an_account_that_is_announced() -> None:
    assert planned(DONE) == ()


@pytest.mark.parametrize(
    ("lacks", "steps"),
    [
        ({"licences": ()}, ("licences",)),
        ({"groups": ("other",)}, ("groups",)),
        ({"welcomed": False}, ("welcome",)),
        ({"marked": False}, ("mark",)),
        ({"announced_version": -1}, ("announce",)),
    ],
)
def test_only_what_is_missing_is_a_step(lacks: dict[str, object], steps: tuple[str, ...]) -> None:
    assert planned(replace(DONE, **lacks)) == steps  # pyright: ignore[reportArgumentType] - each has its type


def test_a_newer_event_looks_again_at_an_announced_account() -> None:
    """People may have deleted it, or have taken away what it was given."""
    assert planned(DONE, 4) == ("revisit", "address", "create", "licences", "groups", "announce")


def test_an_account_that_was_not_announced_is_not_looked_at_again() -> None:
    assert planned(replace(DONE, announced_version=-1), 4) == ("announce",)


def updated(known: KnownAccount, version: int = 3) -> tuple[str, ...]:
    return plan(ProviderAction.UPDATE_ACCOUNT, version, known, GIVEN, Withdrawal(), settled=False).steps


def test_an_update_looks_for_an_account_and_never_makes_one() -> None:
    assert updated(NOTHING) == ("find", "licences", "groups", "announce", "welcome")


def test_an_update_of_an_announced_account_looks_at_it_again() -> None:
    assert updated(DONE, 4) == ("revisit", "licences", "groups", "announce")
    assert updated(DONE) == ()


FOLLOWED = replace(DONE, placed="/Students", announced_version=2)


def followed(known: KnownAccount, version: int = 3, given: Grant = GIVEN) -> tuple[str, ...]:
    steps = plan(ProviderAction.UPDATE_ACCOUNT, version, known, given, Withdrawal(), settled=False, follow=True).steps
    return tuple(step for step in steps if step not in {"revisit", "announce"})


UNIT = replace(GIVEN, admin_unit="unit")


def test_an_account_is_put_into_its_administrative_unit_before_it_is_announced() -> None:
    assert planned(NOTHING, given=UNIT) == (
        "address", "create", "licences", "groups", "admin_unit", "announce", "welcome",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "steps"),
    [
        ({"admin_units": ("unit",)}, ()),
        ({"admin_units": ("old",)}, ("admin_unit", "leave_admin_unit")),
        ({"admin_units": ("unit",), "admin_units_in_doubt": ("old",)}, ("leave_admin_unit",)),
        ({"admin_units": ("unit",), "unsure": frozenset({StepName.ADMIN_UNIT})}, ("admin_unit",)),
    ],
)
def test_an_account_that_follows_changes_its_administrative_unit(
    known: dict[str, object], steps: tuple[str, ...]
) -> None:
    announced = replace(FOLLOWED, placed=None, announced_version=3, **known)  # pyright: ignore[reportArgumentType] - each has its type
    assert followed(announced, given=UNIT) == steps


def test_with_create_only_no_administrative_unit_is_left() -> None:
    assert planned(replace(DONE, admin_units=("old",)), given=UNIT) == ("admin_unit",)


def test_what_follows_is_looked_at_again_with_each_newer_event() -> None:
    given = Grant("/Students", ("sku",), ("group",))
    assert followed(FOLLOWED, given=given) == (
        "profile", "move", "licences", "groups", "take_licences", "leave_groups",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("known", "steps"),
    [
        ({}, ()),
        ({"describes_student": False}, ("profile",)),
        ({"placed": "/"}, ("move",)),
        ({"licences": ("sku", "old")}, ("take_licences",)),
        ({"groups_in_doubt": ("old",)}, ("leave_groups",)),
        ({"unsure": frozenset({StepName.UNIT})}, ("move",)),
        ({"unsure": frozenset({StepName.GROUPS})}, ("groups",)),
    ],
)
def test_of_an_announced_version_only_what_is_missing_follows(known: dict[str, object], steps: tuple[str, ...]) -> None:
    announced = replace(FOLLOWED, announced_version=3, **known)  # pyright: ignore[reportArgumentType] - each has its type
    assert followed(announced, given=Grant("/Students", ("sku",), ("group",))) == steps


def test_a_new_account_has_nothing_to_follow() -> None:
    steps = plan(ProviderAction.CREATE_ACCOUNT, 3, NOTHING, GIVEN, Withdrawal(), settled=False, follow=True).steps
    assert steps == FROM_THE_ADDRESS_ON


def test_an_account_that_is_restored_loses_what_it_may_come_back_with() -> None:
    restored = replace(NOTHING, groups_in_doubt=("old",), licences_in_doubt=("old",))
    steps = plan(ProviderAction.CREATE_ACCOUNT, 3, restored, GIVEN, Withdrawal(), settled=False, follow=True).steps
    assert {"take_licences", "leave_groups"} <= set(steps)


def test_an_account_that_is_made_as_an_earlier_event_decided_follows_this_one() -> None:
    decided = replace(NOTHING, describes_student=False, placed="/")
    given = replace(GIVEN, org_unit="/Students")
    steps = plan(ProviderAction.CREATE_ACCOUNT, 3, decided, given, Withdrawal(), settled=False, follow=True).steps
    assert steps == ("address", "create", "profile", "move", "licences", "groups", "announce", "welcome")


def test_at_microsoft_no_account_is_moved() -> None:
    assert "move" not in followed(replace(FOLLOWED, placed=None))


def test_an_account_that_a_reconciliation_found_changed_is_looked_at_again() -> None:
    changed = replace(DONE, revisit=True)
    assert planned(changed, settled=True) == ("revisit", "address", "create", "unit", "licences", "groups")
    assert planned(replace(NOTHING, revisit=True), settled=True)[:2] == ("address", "create")


def test_a_settled_event_verifies_what_is_unsure() -> None:
    unsure = replace(DONE, unsure=frozenset({StepName.GROUPS}))
    assert planned(unsure, settled=True) == ("verify", "groups")
    assert planned(unsure, settled=False) == ()


def test_verification_creates_nothing_for_an_account_that_exists() -> None:
    assert planned(replace(DONE, unsure=frozenset({StepName.CREATE})), settled=True) == ("verify",)


def test_a_cancelled_event_only_verifies() -> None:
    unsure = replace(NOTHING, unsure=frozenset({StepName.CREATE}))
    assert plan(None, 3, NOTHING, GIVEN, Withdrawal(), settled=True) == Plan()
    assert plan(None, 3, unsure, GIVEN, Withdrawal(), settled=True) == Plan(account=(PlannedStep.VERIFY,))
    assert plan(None, 3, unsure, GIVEN, Withdrawal(), settled=False) == Plan()


def ended(action: ProviderAction, known: KnownAccount, version: int = 4, *, settled: bool = False) -> tuple[str, ...]:
    return plan(action, version, known, GIVEN, Withdrawal(sessions=True), settled=settled).steps


def test_a_deletion_suspends_the_account_and_appoints_its_time() -> None:
    assert ended(ProviderAction.DELETE_ACCOUNT, DONE) == ("suspend", "schedule", "sessions", "report")


def test_when_the_time_has_come_the_account_is_deleted() -> None:
    scheduled = replace(DONE, suspended=True, scheduled=True, announced_version=4)
    assert "delete" not in ended(ProviderAction.DELETE_ACCOUNT, scheduled, settled=True)
    assert ended(ProviderAction.DELETE_ACCOUNT, replace(scheduled, expired=True), settled=True) == ("delete",)


def test_it_is_announced_before_and_by_itself() -> None:
    scheduled = replace(DONE, suspended=True, scheduled=True, announced_version=4, unannounced=True)
    assert ended(ProviderAction.DELETE_ACCOUNT, scheduled, settled=True) == ("notice",)
    assert ended(ProviderAction.DELETE_ACCOUNT, replace(scheduled, expired=True), settled=True) == ("notice", "delete")
    assert ended(ProviderAction.DELETE_ACCOUNT, replace(scheduled, deleted=True), settled=True) == ("delete",)


def test_nor_is_it_announced_before_it_was_reported() -> None:
    unreported = replace(DONE, suspended=True, scheduled=True, unannounced=True)
    assert "notice" not in ended(ProviderAction.DELETE_ACCOUNT, unreported)


def test_but_not_before_it_was_reported() -> None:
    unreported = replace(DONE, suspended=True, scheduled=True, expired=True)
    assert ended(ProviderAction.DELETE_ACCOUNT, unreported) == ("suspend", "schedule", "sessions", "report")


@pytest.mark.parametrize("action", [one for one in ProviderAction if one is not ProviderAction.DELETE_ACCOUNT])
def test_any_other_action_cancels_a_deletion_first(action: ProviderAction) -> None:
    assert ended(action, replace(DONE, suspended=True, scheduled=True))[0] == "cancel"


def test_an_event_that_asks_for_nothing_only_cancels_it() -> None:
    assert plan(None, 4, replace(DONE, scheduled=True), GIVEN, Withdrawal(), settled=False).steps == ("cancel",)


def test_a_deleted_account_is_restored_or_made_anew_and_its_mail_sent_again() -> None:
    gone = replace(DONE, deleted=True, suspended=True)
    assert planned(gone, 4) == (
        "cancel",
        "revisit",
        "address",
        "create",
        "reactivate",
        "licences",
        "groups",
        "announce",
        "welcome",
    )


def test_what_is_unsure_is_verified_though_the_account_is_given_up() -> None:
    """Another account may turn up."""
    unsure = replace(DONE, unsure=frozenset({StepName.CREATE}))
    assert "verify" in ended(ProviderAction.DELETE_ACCOUNT, replace(unsure, deleted=True), settled=True)
    assert "verify" in ended(ProviderAction.RELEASE_ACCOUNT, replace(unsure, released=True), settled=True)


def test_a_release_takes_the_marker_off_and_reports_it_once() -> None:
    assert ended(ProviderAction.RELEASE_ACCOUNT, DONE) == ("release", "report")
    assert ended(ProviderAction.RELEASE_ACCOUNT, replace(DONE, released=True, announced_version=4)) == ()


@pytest.mark.parametrize("action", [one for one in ProviderAction if one is not ProviderAction.RELEASE_ACCOUNT])
def test_whatever_else_is_asked_for_a_released_account_is_reclaimed_first(action: ProviderAction) -> None:
    assert ended(action, replace(DONE, released=True))[0] == "reclaim"


@pytest.mark.parametrize("action", ProviderAction)
def test_every_action_has_a_plan_for_an_account_that_is_behind(action: ProviderAction) -> None:
    behind = KnownAccount(exists=True, announced_version=0, welcomed=True)
    assert plan(action, 1, behind, GIVEN, Withdrawal(), settled=False).steps


LEAVING = Withdrawal(licences=True, org_unit="/Leavers")


def apart(action: ProviderAction, known: KnownAccount, *, follow: bool = False) -> Plan:
    return plan(action, 3, known, GIVEN, LEAVING, settled=False, follow=follow, licences_last=True)


def test_licences_that_are_last_come_behind_the_news() -> None:
    new = apart(ProviderAction.CREATE_ACCOUNT, NOTHING)
    assert (new.grants, new.news, new.last) == (("groups",), ("announce", "welcome"), ("licences",))
    assert new.steps == ("address", "create", "groups", "announce", "welcome", "licences")


def test_those_that_are_to_be_taken_come_behind_those_that_are_given() -> None:
    known = replace(FOLLOWED, licences=("old",))
    assert apart(ProviderAction.UPDATE_ACCOUNT, known, follow=True).last == ("licences", "take_licences")


def test_a_suspension_is_reported_before_its_licences_are_taken() -> None:
    leaving = apart(ProviderAction.SUSPEND_ACCOUNT, replace(DONE, announced_version=2))
    assert (leaving.grants, leaving.news, leaving.last) == (("unit",), ("report",), ("take_licences",))
