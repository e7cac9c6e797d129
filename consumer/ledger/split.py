"""A group that can't be written together is divided, so that only those fail whose rows are locked or whose data is at fault.

group ─▶ some students' rows are locked ─▶ those: `Locked`; the others, together
      └▶ another row is locked, or a statement breaks ─▶ halves, and halves of halves, down to the one
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from sqlalchemy.exc import DBAPIError

from consumer.ledger.faults import Locked
from consumer.ledger.journal import LockedStudents
from consumer.ledger.port.student import Lease

_PATIENCE = 1.0
"""Seconds that a group may spend on waits for locks before what is left of it counts as locked too: others wait behind it."""


class Leased(Protocol):
    """What is written under a lease."""

    @property
    def lease(self) -> Lease: ...


ItemT = TypeVar("ItemT", bound=Leased)
AnswerT = TypeVar("AnswerT")
Flush = Callable[[Sequence[ItemT]], Sequence[AnswerT | Exception]]


def split(flush: Flush[ItemT, AnswerT], *, clock: Callable[[], float] = time.monotonic) -> Flush[ItemT, AnswerT]:
    """`flush`, which writes all of a group or nothing, with an answer for each: `Locked`, or a statement's error, for its causes alone.

    Raises what else `flush` raises, `Unavailable` above all; then some of the group may be written.
    """

    def flushed(items: Sequence[ItemT]) -> Sequence[AnswerT | Exception]:
        return list(_divided(flush, items, until=clock() + _PATIENCE, clock=clock))

    return flushed


def _divided(
    flush: Flush[ItemT, AnswerT], items: Sequence[ItemT], *, until: float, clock: Callable[[], float]
) -> Iterator[AnswerT | Exception]:
    if not items:
        return
    try:
        yield from flush(items)
    except LockedStudents as locked:
        free = [item for item in items if item.lease not in locked.leases]
        answers = _divided(flush, free, until=until, clock=clock)
        for item in items:
            yield locked if item.lease in locked.leases else next(answers)
    except (Locked, DBAPIError) as fault:
        if len(items) == 1 or (isinstance(fault, Locked) and clock() >= until):
            yield from [fault] * len(items)
            return
        middle = len(items) // 2
        yield from _divided(flush, items[:middle], until=until, clock=clock)
        yield from _divided(flush, items[middle:], until=until, clock=clock)
