"""Which user of a customer has which address, as primary address or alias; decided at once, whatever lag reads have."""

from collections.abc import Callable

from sandbox.simulators.google.user import User


class Addresses:
    """Unix seconds come from `clock`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._holders: dict[str, User] = {}
        self._kept_until: dict[str, float] = {}

    def holder(self, address: str) -> User | None:
        """The living user with this address."""
        return self._holders.get(address.lower())

    def is_taken(self, address: str, *, but_for: User | None) -> bool:
        """Whether another user has it, or gave it up only lately."""
        holder = self.holder(address)
        if holder is None:
            return self._kept_until.get(address, 0.0) > self._clock()
        return holder is not but_for

    def occupy(self, user: User) -> None:
        """The user has all that it names as its own."""
        self._holders.update(dict.fromkeys((user.primary_email, *user.aliases), user))

    def release(self, user: User) -> None:
        """All that the user has is free at once."""
        for address in (user.primary_email, *user.aliases):
            self._holders.pop(address, None)

    def give_up(self, address: str, *, kept: float) -> None:
        """The address is free after so many seconds."""
        self._holders.pop(address, None)
        self._kept_until[address] = self._clock() + kept
