"""A share of the vendor's limits, for calls that must leave the rest to others. Pure."""

from dataclasses import replace

from consumer.events import StepName
from consumer.http.answer import Answer
from consumer.http.client import Call
from consumer.pacing.limit import Limit
from consumer.pacing.terms import Cost, Terms


class AtShare:
    """Keeps `Terms`: calls cost what they cost by `terms`, and as much of a limit of their own, which is `share` of it.

    All replicas and commands share both. They are as patient as their caller.
    """

    patience = None

    def __init__(self, terms: Terms, share: float) -> None:
        self._terms = terms
        self._share = share

    def of_step(self, step: StepName, *, writes: bool) -> Cost:
        return self._both(self._terms.of_step(step, writes=writes))

    def of_call(self, call: Call) -> Cost:
        return self._both(self._terms.of_call(call))

    def refused(self, call: Call, answer: Answer) -> Limit | None:
        return self._terms.refused(call, answer)

    def used(self, answer: Answer) -> float | None:
        return self._terms.used(answer)

    def _both(self, cost: Cost) -> Cost:
        """Its own first: it is the narrower one."""
        own = {
            replace(limit, key=f"{limit.key}/share", amount=max(1.0, limit.amount * self._share)): tokens
            for limit, tokens in cost.items()
        }
        return {**own, **cost}
