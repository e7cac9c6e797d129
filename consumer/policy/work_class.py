"""What overtakes what: the class of work that an action is. Pure."""

from enum import IntEnum
from typing import assert_never

from consumer.events import ProviderAction


class WorkClass(IntEnum):
    """In the order in which work is taken. None starves: see `OTHERS_EVERY`."""

    URGENT = 0  # someone can sign in who must not
    NORMAL = 1


OTHERS_EVERY = 4
"""Of so many places or turns, the last is for another class than the one that overtakes it, where both wait."""


def of_action(action: ProviderAction) -> WorkClass:
    """The class of the work that this action requests."""
    match action:
        case ProviderAction.SUSPEND_ACCOUNT | ProviderAction.DELETE_ACCOUNT:
            return WorkClass.URGENT
        case ProviderAction.CREATE_ACCOUNT | ProviderAction.UPDATE_ACCOUNT | ProviderAction.RELEASE_ACCOUNT:
            return WorkClass.NORMAL
        case _:
            assert_never(action)
