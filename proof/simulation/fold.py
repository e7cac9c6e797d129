"""Where a student's events lead, worked out from the events alone: the reference for whatever the service plans. Pure.

    none ──create──▶ open ◀──create, update──┐
                      │                      │
                      ├──suspend──▶ blocked ─┤──delete──▶ scheduled ──after the grace──▶ deleted ──create──▶ open
                      │                      │                └──any newer event──▶ blocked
                      └───────release────────┴──▶ released, open or blocked: left alone from then on

The newest event decides. What an event that was overtaken has done is not known: then there are several states, of which one must be.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from consumer.events import ProviderAction


class State(StrEnum):
    """Of a student's account at one provider."""

    NONE = "none"
    UNSEEN = "created by a call without an answer, and not found yet"
    OPEN = "open"
    BLOCKED = "blocked"
    SCHEDULED = "blocked, and to be deleted"
    DELETED = "deleted"
    RELEASED = "released, open"
    RELEASED_BLOCKED = "released, blocked"


@dataclass(frozen=True, slots=True)
class Event:
    """What the institution has reported; `action` is None where it asks for nothing, and `at` in seconds.

    `carried_out`: it came to its end before a newer one came. That of the newest does not count.
    """

    version: int
    action: ProviderAction | None
    at: float
    carried_out: bool


_LEADS: Mapping[ProviderAction | None, Mapping[State, State]] = {
    ProviderAction.CREATE_ACCOUNT: {
        State.NONE: State.OPEN,
        State.UNSEEN: State.OPEN,
        State.BLOCKED: State.OPEN,
        State.DELETED: State.OPEN,
    },
    ProviderAction.UPDATE_ACCOUNT: {State.BLOCKED: State.OPEN},
    ProviderAction.SUSPEND_ACCOUNT: {State.OPEN: State.BLOCKED},
    ProviderAction.DELETE_ACCOUNT: {State.OPEN: State.SCHEDULED, State.BLOCKED: State.SCHEDULED},
    ProviderAction.RELEASE_ACCOUNT: {
        State.OPEN: State.RELEASED,
        State.BLOCKED: State.RELEASED_BLOCKED,
    },
    None: {},
}
"""Every state that is not named stays as it is."""
_BETWEEN: Mapping[tuple[ProviderAction | None, State], Sequence[State]] = {
    (ProviderAction.CREATE_ACCOUNT, State.NONE): (State.UNSEEN,),
    (ProviderAction.CREATE_ACCOUNT, State.DELETED): (State.BLOCKED,),  # restored, and not opened yet
    (ProviderAction.DELETE_ACCOUNT, State.OPEN): (State.BLOCKED,),
}


def rising(events: Iterable[Event]) -> Sequence[Event]:
    """Of events in the order in which they came, those that were the newest when they did: no others count."""
    counting: list[Event] = []
    for event in events:
        if not counting or event.version > counting[-1].version:
            counting.append(event)
    return counting


def folded(events: Iterable[Event]) -> frozenset[State]:
    """In which states the account may be when all is done; `events` in the order in which they came."""
    counting = rising(events)
    states = frozenset({State.NONE})
    for event in counting:
        states = _after(event, states, carried_out=event.carried_out or event is counting[-1])
    # What was created is found in the end, and the newest event carried out on it.
    states = frozenset(State.DELETED if state is State.SCHEDULED else state for state in states)
    return states - {State.UNSEEN}


def _after(event: Event, before: frozenset[State], *, carried_out: bool) -> frozenset[State]:
    before = frozenset(met for state in before for met in _met(event, state))
    led = frozenset(_LEADS[event.action].get(state, state) for state in before)
    if carried_out:
        return led
    return before | led | {between for state in before for between in _BETWEEN.get((event.action, state), ())}


def _met(event: Event, state: State) -> Iterable[State]:
    """In which state the event finds the account: a deletion is prevented in time, or not, and a creation is found, or not."""
    if state is State.SCHEDULED and event.action is not ProviderAction.DELETE_ACCOUNT:
        return State.BLOCKED, State.DELETED
    return (state, State.OPEN) if state is State.UNSEEN else (state,)


def deletable_from(events: Iterable[Event], *, at: float, grace: float, lasting: float) -> float | None:
    """From when on a deletion at this time was right, by the events that had come; None where none wants it.

    A repeat does not put it off. An event that came less than `lasting` before may not have been dealt with.
    """
    since: float | None = None
    for event in rising(events):
        if event.at > at:
            break
        if event.action is ProviderAction.DELETE_ACCOUNT:
            since = event.at if since is None else since
        elif event.carried_out and event.at < at - lasting:
            since = None
    return None if since is None else since + grace
