"""What a vendor charges for a call, and what its answers say of its limits. Each vendor's are next to its client. Pure."""

from collections.abc import Mapping
from typing import Protocol

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit

Cost = Mapping[Limit, int]
"""Tokens of each limit, the narrowest limit first."""


class Terms(Protocol):
    """Of one institution at one vendor.

    `patience`: seconds for which a step waits for its turn at most; None: as long as its caller lets it. Where it is given, the students
    who wait do not count as waiting: they soon let others go first, and no other work is kept back for them.
    """

    @property
    def patience(self) -> float | None: ...

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        """What the step's call costs as a rule; `writes`: one that changes something.

        Requests beyond that are charged as they are sent.
        """
        ...

    def of_call(self, call: Call) -> Cost:
        """What this request costs."""
        ...

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        """The limit for which the vendor refused the call; None where it did not, or for another cause."""
        ...

    def used(self, answer: Answer) -> float | None:
        """The share of a limit that is used, where the vendor reports it."""
        ...
