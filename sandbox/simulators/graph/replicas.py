"""What the replicas of a directory show: each is behind by a while of its own, and a request meets any of them.

Source: what Microsoft says of reads after writes (Entra's developer blog, 24 March 2026: an application's token has no affinity to a
replica, so trust the answer to the write), and reports of tens of seconds up to two minutes.
"""

import random
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.simulators.graph.user import User

_COUNT = 3


@dataclass(frozen=True, slots=True)
class _Before:
    """What a user was before a write, None before its creation; and until when each replica shows that."""

    user: User | None
    until: Sequence[float]


class Replicas:
    """Unix seconds come from `clock`, how far each is behind from `rng`. Of one user, a replica shows every write in its order."""

    def __init__(self, *, clock: Callable[[], float], rng: random.Random) -> None:
        self._clock = clock
        self._rng = rng
        self._before: dict[str, Sequence[_Before]] = {}

    def any(self) -> int:
        """The replica that a request happens to meet."""
        return self._rng.randrange(_COUNT)

    def shown(self, user: User, replica: int) -> User | None:
        """The user as this replica knows it; None where it does not yet."""
        now = self._clock()
        for before in self._before.get(user.id, ()):
            if before.until[replica] > now:
                return before.user
        return user

    def created(self, user: User, *, lag: float) -> None:
        """A user was made: each replica shows it after at most so many seconds."""
        if lag > 0:
            self._note(user.id, None, lag)

    @contextmanager
    def changed(self, user: User, *, lag: float) -> Generator[User]:
        """A user is changed in here, or by an error left as it is: each replica shows the change after at most so many seconds.

        Without a lag every replica shows it at once, and so what was before it.
        """
        before = user.copy() if lag > 0 else None
        yield user
        if before is None:
            self.catch_up(user)
        else:
            self._note(user.id, before, lag)

    def catch_up(self, user: User) -> None:
        """Every replica shows the user as it is now."""
        self._before.pop(user.id, None)

    def _note(self, ident: str, before: User | None, lag: float) -> None:
        now = self._clock()
        shown = [one for one in self._before.get(ident, ()) if max(one.until) > now]
        self._before[ident] = [*shown, _Before(before, [now + self._rng.uniform(0, lag) for _ in range(_COUNT)])]
