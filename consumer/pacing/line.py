"""Callers that wait for one limit's tokens: urgent ones overtake, and every fourth turn is another's where both wait."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from consumer.policy.work_class import OTHERS_EVERY, WorkClass


@dataclass(slots=True, eq=False)
class Caller:
    """Waits until it is `served`, or turned away (cancelled)."""

    tokens: int
    work_class: WorkClass
    served: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Line:
    """Of one class, who came first is first."""

    def __init__(self) -> None:
        self._urgent: deque[Caller] = deque()
        self._others: deque[Caller] = deque()
        self._overtaken = 0

    def __bool__(self) -> bool:
        """Whether anyone waits."""
        return bool(self._urgent or self._others)

    @property
    def tokens(self) -> int:
        """What all of them lack."""
        return sum(caller.tokens for caller in (*self._urgent, *self._others))

    def before(self, work_class: WorkClass) -> int:
        """The tokens of those who are served before a new caller of this class."""
        if work_class > WorkClass.URGENT:
            return self.tokens
        between = islice(self._others, (len(self._urgent) + self._overtaken) // (OTHERS_EVERY - 1))
        return sum(caller.tokens for caller in (*self._urgent, *between))

    def join(self, caller: Caller) -> None:
        self._of(caller).append(caller)

    def leave(self, caller: Caller) -> bool:
        """Whether it was still in line."""
        try:
            self._of(caller).remove(caller)
        except ValueError:
            return False
        return True

    def first(self) -> Caller:
        """Whose turn is next. Someone must wait."""
        others_turn = self._others and self._overtaken >= OTHERS_EVERY - 1
        return self._urgent[0] if self._urgent and not others_turn else self._others[0]

    def serve(self) -> None:
        """It is the first one's turn."""
        caller = self.first()
        self._of(caller).popleft()
        overtakes = caller.work_class is WorkClass.URGENT and bool(self._others)
        self._overtaken = self._overtaken + 1 if overtakes else 0
        caller.served.set_result(None)

    def turn_away(self) -> None:
        """All of them."""
        for caller in (*self._urgent, *self._others):
            caller.served.cancel()
        self._urgent.clear()
        self._others.clear()

    def _of(self, caller: Caller) -> deque[Caller]:
        return self._urgent if caller.work_class is WorkClass.URGENT else self._others
