"""Where events lead, whatever carries them out."""

import pytest

from consumer.events import ProviderAction
from proof.simulation.fold import Event, State, deletable_from, folded

CREATE, UPDATE = ProviderAction.CREATE_ACCOUNT, ProviderAction.UPDATE_ACCOUNT
SUSPEND, DELETE, RELEASE = (
    ProviderAction.SUSPEND_ACCOUNT,
    ProviderAction.DELETE_ACCOUNT,
    ProviderAction.RELEASE_ACCOUNT,
)
NOTHING = None
GRACE, LASTING = 40.0, 900.0


def life(*actions: ProviderAction | None, overtaken: int = 0) -> list[Event]:
    """An event every hundred seconds, in the order of their versions; so many of the last but one were overtaken."""
    last = len(actions) - 1
    return [
        Event(version, action, 100.0 * version, carried_out=not last - overtaken <= version < last)
        for version, action in enumerate(actions)
    ]


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        ((CREATE,), State.OPEN),
        ((UPDATE,), State.NONE),
        ((CREATE, SUSPEND), State.BLOCKED),
        ((CREATE, SUSPEND, UPDATE), State.OPEN),
        ((CREATE, SUSPEND, NOTHING), State.BLOCKED),
        ((CREATE, DELETE), State.DELETED),
        ((CREATE, DELETE, CREATE), State.OPEN),
        ((SUSPEND, DELETE), State.NONE),
        ((CREATE, RELEASE, DELETE), State.RELEASED),
        ((CREATE, SUSPEND, RELEASE, CREATE), State.RELEASED_BLOCKED),
    ],
)
def test_the_newest_event_decides_on_what_those_before_have_left(
    actions: tuple[ProviderAction | None, ...], state: State
) -> None:
    assert folded(life(*actions)) == {state}


def test_an_older_event_that_comes_later_changes_nothing() -> None:
    first, second, third = life(CREATE, SUSPEND, CREATE)
    assert folded([first, third, second]) == folded([first, third]) == {State.OPEN}


def test_an_event_that_comes_again_changes_nothing() -> None:
    events = life(CREATE, SUSPEND)
    assert folded([*events, *events]) == {State.BLOCKED}


def test_an_event_that_was_overtaken_may_have_been_carried_out_or_not() -> None:
    assert folded(life(CREATE, SUSPEND, overtaken=1)) == {State.NONE, State.BLOCKED}
    assert folded(life(CREATE, SUSPEND, NOTHING, overtaken=1)) == {State.OPEN, State.BLOCKED}


def test_a_deletion_may_be_over_when_it_is_cancelled() -> None:
    assert folded(life(CREATE, DELETE, SUSPEND)) == {State.BLOCKED, State.DELETED}
    assert folded(life(CREATE, DELETE, NOTHING)) == {State.BLOCKED, State.DELETED}


def test_a_creation_without_an_answer_may_be_found_by_any_event_after_it() -> None:
    create, delete, release = life(CREATE, DELETE, RELEASE)
    overtaken = Event(create.version, create.action, create.at, carried_out=False)
    assert State.RELEASED in folded([overtaken, delete, release])


def deletable(*events: Event, at: float) -> float | None:
    return deletable_from(events, at=at, grace=GRACE, lasting=LASTING)


def test_an_account_is_deleted_a_grace_after_the_event_that_wants_it() -> None:
    create, delete, again = life(CREATE, DELETE, DELETE)
    assert deletable(create, at=150.0) is None
    assert deletable(create, delete, at=150.0) == delete.at + GRACE
    assert deletable(create, delete, again, at=250.0) == delete.at + GRACE


def test_who_returned_in_between_has_the_grace_once_more() -> None:
    create, delete, back, again = life(CREATE, DELETE, CREATE, DELETE)
    later = again.at + LASTING
    assert deletable(create, delete, back, again, at=later) == again.at + GRACE
