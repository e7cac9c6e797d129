"""What is left to do for one student at one provider."""

from dataclasses import dataclass

from consumer.events import StepName


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an account is, against what the newest event wants of it.

    `licences` and `groups` are what was given; more than is wanted is left alone: people add to accounts by hand.
    `welcome_done` is true once the mail's fate is settled, whichever it is.
    """

    address_reserved: bool = False
    created: bool = False
    licences: frozenset[str] = frozenset()
    licences_wanted: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    groups_wanted: tuple[str, ...] = ()
    welcome_wanted: bool = False
    welcome_done: bool = False

    @property
    def licences_missing(self) -> tuple[str, ...]:
        """Wanted and not given, in the wanted order."""
        return tuple(licence for licence in self.licences_wanted if licence not in self.licences)

    @property
    def groups_missing(self) -> tuple[str, ...]:
        """Wanted and not given, in the wanted order."""
        return tuple(group for group in self.groups_wanted if group not in self.groups)


def next_step(progress: Progress) -> StepName | None:
    """The first step that is not done, in the order of `StepName`; None where the account is as it should be.

    The mail comes last: the password that it carries opens an account that is ready.
    """
    steps = (
        (StepName.ADDRESS, not progress.address_reserved and not progress.created),
        (StepName.CREATE, not progress.created),
        (StepName.LICENCES, bool(progress.licences_missing)),
        (StepName.GROUPS, bool(progress.groups_missing)),
        (StepName.WELCOME, progress.welcome_wanted and not progress.welcome_done),
    )
    return next((name for name, due in steps if due), None)
