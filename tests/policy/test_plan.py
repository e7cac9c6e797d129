from dataclasses import replace

from consumer.events import StepName
from consumer.policy.plan import Progress, next_step

WANTED = Progress(licences_wanted=("A1",), groups_wanted=("all", "choir"), welcome_wanted=True)


def test_steps_come_in_their_order_until_nothing_is_left() -> None:
    seen: list[StepName | None] = []
    progress = WANTED
    for change in (
        {"address_reserved": True},
        {"created": True},
        {"licences": frozenset({"A1"})},
        {"groups": frozenset({"all", "choir"})},
        {"welcome_done": True},
        {},
    ):
        seen.append(next_step(progress))
        progress = replace(progress, **change)
    assert seen == [*StepName, None]


def test_an_account_that_exists_needs_no_address() -> None:
    assert next_step(Progress(created=True)) is None


def test_only_what_is_missing_is_given_in_the_wanted_order() -> None:
    progress = replace(WANTED, created=True, licences=frozenset({"A1"}), groups=frozenset({"all"}))
    assert next_step(progress) is StepName.GROUPS
    assert progress.licences_missing == ()
    assert progress.groups_missing == ("choir",)


def test_what_people_have_added_by_hand_is_left_alone() -> None:
    progress = Progress(created=True, licences=frozenset({"theirs"}), groups=frozenset({"theirs"}))
    assert next_step(progress) is None


def test_a_welcome_that_is_not_wanted_is_no_step() -> None:
    assert next_step(Progress(created=True, welcome_wanted=False)) is None
